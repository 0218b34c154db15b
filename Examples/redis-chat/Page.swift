import ChatPage

/// The page of every room, which asks for the guests, wherever they are, every two seconds.
let page = chatPage(
    script: """
        function hear(text) { show(text); }

        async function look() {
          const guests = await fetch(`${location.pathname}/guests`).then(answer => answer.text()).catch(() => "");
          element("present").textContent = guests.trim().split("\\n").join(", ") || "nobody";
        }

        setInterval(look, 2000);
        look();
        """)
