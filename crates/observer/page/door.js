// Asks the door: documents, and the stream of events. The token never leaves this origin, and stands in no address that
// is sent: it comes in behind the `#`, is kept for this tab, and goes out as a header.

const TOKEN = "rootward.token";

/** How long a stream may be silent before it is given up. The door says every 15 seconds that it is there. */
const SILENCE = 40e3;

/** The door has answered, and the answer is no. */
class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    [this.status, this.code] = [status, code];
  }
}

const door = {
  takeToken() {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (!given) return;
    door.setToken(given);
    history.replaceState(null, "", location.pathname);
  },

  setToken(token) {
    sessionStorage.setItem(TOKEN, token);
  },

  async fetch(path, method, signal) {
    const token = sessionStorage.getItem(TOKEN);
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const response = await fetch(path, { method, headers, signal, cache: "no-store", redirect: "error" });
    if (response.ok) return response;
    const document = await response.json().catch(() => ({}));
    const { code = "unknown", message = `status ${response.status}` } = document.refused ?? {};
    throw new Refused(response.status, code, message);
  },

  async ask(path, method = "GET") {
    const document = await (await door.fetch(path, method)).json();
    if (document.schema !== 1) throw new Refused(0, "schema", "the program speaks another version of the formats");
    return document;
  },

  why(path) {
    return door.ask(`/why/${encoded(path)}`);
  },

  usage(path) {
    return door.ask(`/usage/${encoded(path)}`);
  },

  /** `signal/SIGHUP`, `restart`, `terminate`, `start` of a child; `stop` and `force` of the tree. */
  control(what, path) {
    return door.ask(path === undefined ? `/${what}` : `/${what}/${encoded(path)}`, "POST");
  },

  /** What happens after an event: `{ name, data }`, until the stream ends or breaks. */
  async *events(since, isConnected) {
    const abort = new AbortController();
    let patience;
    const wait = () => {
      clearTimeout(patience);
      patience = setTimeout(() => abort.abort(), SILENCE);
    };
    wait();
    try {
      const response = await door.fetch(`/events?since=${since}`, "GET", abort.signal);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        isConnected();
        wait();
        text += value;
        const parts = text.split("\n\n");
        text = parts.pop();
        for (const part of parts) {
          const message = parsed(part);
          if (message) yield message;
        }
      }
    } finally {
      clearTimeout(patience);
      abort.abort();
    }
  },
};

/** A server-sent event. Comments say that the door is there, and nothing else. */
function parsed(part) {
  const message = { name: "message", data: "" };
  for (const line of part.split("\n")) {
    if (line.startsWith("event: ")) message.name = line.slice(7);
    if (line.startsWith("data: ")) message.data = line.slice(6);
  }
  return message.data ? { name: message.name, data: JSON.parse(message.data) } : null;
}

function encoded(path) {
  return path.split("/").map(encodeURIComponent).join("/");
}
