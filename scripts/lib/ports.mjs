// Free TCP ports.
import net from "node:net";

const tryListen = (port, host) =>
  new Promise((done) => {
    const server = net.createServer();
    server.once("error", (error) => done({ error }));
    server.listen({ port, host, exclusive: true }, () => {
      const taken = server.address().port;
      server.close(() => done({ port: taken }));
    });
  });

/** True when nothing listens there; for a loopback host neither on 127.0.0.1 nor on ::1, since browsers try both for localhost. */
export const isFree = async (port, host = "127.0.0.1") => {
  const hosts = host === "localhost" || host === "127.0.0.1" || host === "::1" ? ["127.0.0.1", "::1"] : [host];
  for (const one of hosts) {
    const { error } = await tryListen(port, one);
    if (error && error.code !== "EADDRNOTAVAIL" && error.code !== "EAFNOSUPPORT") return false;
  }
  return true;
};

/** Some free port on 127.0.0.1, the preferred one if it is. */
export const freePort = async (preferred) => {
  if (preferred && (await isFree(preferred))) return preferred;
  return (await tryListen(0, "127.0.0.1")).port;
};

/** The first free port from the given one upwards; 0 asks for any. */
export const nextFreePort = async (from, host) => {
  if (from === 0) return freePort();
  for (let port = from; port <= 65535; port++) if (await isFree(port, host)) return port;
  return freePort();
};
