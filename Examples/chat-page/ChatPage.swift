/// The page of a chat room, which finds the room's name in its own address: what the chats among the examples share.
///
/// - Parameters:
///   - style: how what they show looks, in CSS.
///   - script: what they do with what they are told, in JavaScript: a function `hear(text)`, which is called with each message
///     of the room's socket. It has `element(id)` and `show(text, kind)`, and may fill the element `present`.
public nonisolated func chatPage(style: String = "", script: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><title>Chat</title><style>
    body { font-family: sans-serif; max-width: 40em; margin: 1em auto; }
    #said { height: 20em; overflow-y: auto; border: 1px solid; padding: 0.5em; }
    \(style)
    </style></head>
    <body><h1 id="room"></h1>
    <form id="entrance"><input id="name" placeholder="your name" maxlength="40" required> <button>enter</button></form>
    <p>Here: <span id="present">nobody yet</span> <small id="state"></small></p>
    <div id="said"></div>
    <form id="speech"><input id="text" maxlength="1000" autocomplete="off" required> <button>say</button></form>
    <script>
    const element = id => document.getElementById(id);
    let socket;

    element("room").textContent = decodeURIComponent(location.pathname.split("/").pop());

    function show(text, kind = "speech") {
      const line = document.createElement("div");
      line.textContent = text;
      line.className = kind;
      element("said").append(line);
      line.scrollIntoView();
    }

    function connect() {
      const name = encodeURIComponent(element("name").value);
      socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}${location.pathname}/socket?name=${name}`);
      socket.onopen = () => { element("state").textContent = ""; };
      socket.onmessage = message => hear(message.data);
      socket.onclose = event => {
        element("state").textContent = event.reason ? `(${event.reason})` : "(connecting again)";
        // Not all at the same moment, where a server has gone. Who is not let in need not come again.
        if (event.code !== 1008) setTimeout(connect, 200 + Math.random() * 1000);
      };
    }

    element("entrance").onsubmit = event => {
      event.preventDefault();
      element("entrance").hidden = true;
      connect();
    };
    element("speech").onsubmit = event => {
      event.preventDefault();
      if (socket?.readyState !== WebSocket.OPEN) return;
      socket.send(element("text").value);
      element("text").value = "";
    };

    \(script)
    </script></body></html>

    """
}
