/// The page at `/`.
let page = """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><title>Jobs</title>
    <style>body { font-family: sans-serif; max-width: 50em; margin: 2em auto } progress { width: 15em }</style></head>
    <body><h1>Jobs</h1>
    <form id="order">
      <label>Account <input name="account" value="ada"></label>
      <label>Pages <input name="pages" type="number" value="40" min="1" max="1000"></label>
      <label><input name="isUrgent" type="checkbox"> urgent</label>
      <label><input name="fails" type="checkbox"> fails</label>
      <button>Enqueue</button>
    </form>
    <table><tbody id="jobs"></tbody></table>
    <script>
    const cell = (row, node) => { row.insertCell().append(node); return node };
    function watch(id) {
      const row = document.getElementById("jobs").insertRow(0);
      cell(row, "#" + id);
      const bar = cell(row, document.createElement("progress"));
      const state = cell(row, document.createElement("span"));
      const retry = cell(row, document.createElement("button"));
      retry.textContent = "Retry";
      retry.hidden = true;
      retry.onclick = async () => { await fetch(`/jobs/${id}/retry`, { method: "POST" }); row.remove(); watch(id) };
      const events = new EventSource(`/jobs/${id}/events`);
      events.addEventListener("job", event => {
        const job = JSON.parse(event.data);
        bar.value = job.progress;
        state.textContent = `${job.state}, attempt ${job.attempts}: ${job.error ?? job.note ?? ""}`;
        retry.hidden = job.state != "dead";
      });
      events.addEventListener("end", () => events.close());
    }
    document.getElementById("order").onsubmit = async event => {
      event.preventDefault();
      const form = event.target;
      const response = await fetch("/jobs", {
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({
          account: form.account.value || null, pages: Number(form.pages.value), isUrgent: form.isUrgent.checked,
          fails: form.fails.checked })
      });
      if (response.ok) watch((await response.json()).id); else alert(await response.text());
    };
    </script></body></html>

    """
