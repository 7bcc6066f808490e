// The one connection to the simulator: it comes back by itself, and notices silence. Each connection begins with all there is.

const SILENT_MS = 10000; // two beats of four seconds missed
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;

export function listen({ onAll, onNews, onState }) {
  let source = null;
  let heard = 0;
  let tries = 0;
  let timer = null;

  function connect() {
    close();
    heard = performance.now();
    source = new EventSource("/live");
    const hear = (name, then) => source.addEventListener(name, (event) => {
      heard = performance.now();
      tries = 0;
      then?.(JSON.parse(event.data));
      onState(true);
    });
    hear("all", onAll);
    hear("news", onNews);
    hear("beat");
    const mine = source;
    source.addEventListener("error", () => mine === source && lost());
  }

  function lost() {
    close();
    onState(false);
    timer = setTimeout(connect, Math.min(FIRST_RETRY_MS * 2 ** tries, LAST_RETRY_MS));
    tries += 1;
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  setInterval(() => source && performance.now() - heard > SILENT_MS && lost(), 1000);
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && connect());
  connect();
}
