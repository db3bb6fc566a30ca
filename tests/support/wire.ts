import { connect, createServer } from "node:net";

// A wire to a database, in a process of its own so that it can be stopped as a network is: both ends
// believe that it stands. Its argument is where to; it prints the port where it begins.
const { port, hostname } = new URL(process.argv[2]!);
const server = createServer((near) => {
  const far = connect(Number(port), hostname);
  for (const one of [near, far]) {
    one.setNoDelay();
    one.on("error", () => {});
  }
  near.pipe(far).on("close", () => near.destroy());
  far.pipe(near).on("close", () => far.destroy());
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as { port: number }).port));
