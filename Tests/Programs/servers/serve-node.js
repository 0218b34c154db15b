// A server for the tests of the HTTP client: node serve-node.js [CERTIFICATE KEY]. Prints its port.
const http = require("http"), https = require("https"), fs = require("fs"), zlib = require("zlib");

function answer(request, response) {
  const path = request.url.split("?")[0];
  if (path === "/hello") {
    response.end("hello");
  } else if (path === "/echo") {
    request.pipe(response);
  } else if (path === "/large") {
    response.setHeader("Content-Length", 8 << 20);
    response.end(Buffer.alloc(8 << 20, "x"));
  } else if (path === "/gzip") {
    response.setHeader("Content-Encoding", "gzip");
    response.end(zlib.gzipSync("compressed ".repeat(1000)));
  } else if (path === "/redirect") {
    response.writeHead(302, {Location: "/hello"});
    response.end("moved");
  } else if (path === "/close") {
    response.setHeader("Connection", "close");
    response.end("closed");
  } else if (path === "/cut") {
    response.setHeader("Content-Length", 100);
    response.write("cut", () => request.socket.destroy());
  } else {
    response.writeHead(404);
    response.end("no such thing");
  }
}

const [certificate, key] = process.argv.slice(2);
const server = certificate
  ? https.createServer({cert: fs.readFileSync(certificate), key: fs.readFileSync(key)}, answer)
  : http.createServer(answer);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
