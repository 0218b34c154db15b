import ChatPage

/// The page of every room, which is told who comes and goes.
let page = chatPage(
    style: ".news { color: gray; }",
    script: """
        const present = new Set();

        const on = {
          welcome(event) {
            present.clear();
            for (const name of event.names) present.add(name);
            element("state").textContent = `(served by worker ${event.worker})`;
          },
          said(event) { show(`${event.name}: ${event.text}`); },
          joined(event) { present.add(event.name); show(`${event.name} has come`, "news"); },
          left(event) { present.delete(event.name); show(`${event.name} has left`, "news"); },
        };

        function hear(text) {
          const event = JSON.parse(text);
          on[event.kind](event);
          element("present").textContent = [...present].sort().join(", ");
        }
        """)
