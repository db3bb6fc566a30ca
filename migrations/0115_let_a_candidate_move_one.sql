-- Whoever accepted an offer had all looked through that were ever made to it.

alter policy moved_by_its_two_sides_and_open_candidates on handoff using (
  sender_id = (select viewer_organisation()) and (select viewer_may('handoffs:offer'))
  or (select viewer_may('handoffs:receive')) and (
    recipient_id = (select viewer_organisation())
    or recipient_id is null and id in (
      select c.handoff_id from handoff_candidate c
        where c.handoff_id = handoff.id and c.organisation_id = (select viewer_organisation()) and not c.dropped_out)));
