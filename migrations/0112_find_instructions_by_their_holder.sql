-- As with files: whoever retired a key read all instructions that lie sealed.

-- runs beside old processes although index: instructions go with the end of their hold, so that they are some hundred rows.
create index bed_hold_instruction_by_holder on bed_hold_instruction (holder_id, hold_id);
