"""What the benchmarks share: the peers' servers, CPU time of process trees, and how results are printed."""

import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build"

NGINX = """user root; worker_processes {workers}; pid {directory}/pid; error_log stderr crit; daemon off;
worker_rlimit_nofile 20000;
events {{ worker_connections 16384; multi_accept on; }}
http {{
  access_log off; server_tokens off; etag off; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 300s;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
  server {{
    listen 127.0.0.1:{port} reuseport backlog=4096;
    location = /plaintext {{ default_type text/plain; return 200 "Hello, World!"; }}
    location = /json {{ default_type application/json; return 200 '{{"message":"Hello, World!"}}'; }}
    location = /gibibyte {{ default_type application/octet-stream; sendfile on; alias {directory}/gibibyte; }}
    location = /stream {{ default_type application/octet-stream; sendfile off; alias {directory}/mebibyte; }}
    location = /mebibyte {{ default_type application/octet-stream; sendfile off; alias {directory}/mebibyte; }}
    location ~ ^/hello/(?<name>[^/]+)$ {{ default_type text/plain; return 200 "Hello, $name"; }}
  }}
}}
"""


def need(*packages):
    """Installs the Debian packages that are missing; on standard error, so that --json stays JSON."""
    if subprocess.run([ROOT / ".ci/need", *packages], stdout=sys.stderr).returncode:
        sys.exit(1)


def allow_descriptors():
    """Lets this process, and those that it starts, have as many descriptors as the machine allows."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def free_port():
    """A port that nobody has now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def split_cpus():
    """A CPU for the server and one for the client; the same when there is only one."""
    cpus = sorted(os.sched_getaffinity(0))
    return str(cpus[0]), str(cpus[-1])


def nginx_command(directory, port, workers):
    """Writes a configuration with the routes of bench-server; returns the command that serves it."""
    (pathlib.Path(directory) / "mebibyte").write_bytes(b"x" * (1 << 20))
    with open(pathlib.Path(directory) / "gibibyte", "wb") as file:
        file.truncate(1 << 30)  # takes no room on the disk
    configuration = pathlib.Path(directory) / "nginx.conf"
    configuration.write_text(NGINX.format(directory=directory, port=port, workers=workers))
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    return [nginx, "-p", directory, "-c", str(configuration), "-e", "stderr"]


def compiled(name, libraries=()):
    """Builds a C program of this folder, unless that has been done; `None` without a C compiler."""
    source, binary = ROOT / f"Benchmarks/support/{name}.c", BUILD / "bench" / name
    if binary.exists() and binary.stat().st_mtime > source.stat().st_mtime:
        return binary
    compiler = shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        return None
    binary.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-O3", "-o", binary, source, *libraries], check=True)
    return binary


def product(name):
    """The release binary of one of the package's executables."""
    binary = BUILD / "release" / name
    if not binary.exists():
        subprocess.run(["make", f"--directory={ROOT}", name], stdout=sys.stderr, check=True)
    return binary


def peer(name):
    """The release binary of a server in Benchmarks/peers."""
    scratch = BUILD / "peers"
    binary = scratch / "release" / name
    if not binary.exists():
        print(f"building {name} and what it depends on, once; this takes minutes", file=sys.stderr)
        subprocess.run(
            ["swift", "build", "-c", "release", "--static-swift-stdlib", "--package-path", ROOT / "Benchmarks/peers",
             "--scratch-path", scratch, "--product", name], stdout=sys.stderr, check=True)
    return binary


def python_with(package, *requirements):
    """A Python that can import a package of PyPI, or several ("redis, hiredis"): Debian's, which is built with profiles and so
    the fastest at hand. `requirements` are what pip is asked for, where that is not the package's name: "redis[hiredis]".
    """
    environment = BUILD / "bench" / "python"
    python = environment / "bin/python"
    if not python.exists() or subprocess.run([python, "-c", f"import {package}"], stderr=subprocess.DEVNULL).returncode:
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--clear", environment], stdout=sys.stderr, check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *(requirements or [package])], stdout=sys.stderr, check=True)
    return python


class Server:
    """A server in a session of its own, and a directory that goes with it."""

    def __init__(self, name, command, port, says_ready=False):
        self.name, self.port = name, port
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE if says_ready else subprocess.DEVNULL,
            stderr=self.log, start_new_session=True)
        if says_ready:
            with self.process.stdout as output:
                if output.readline() != b"ready\n":
                    sys.exit(f"{name} does not start: {self.errors()}")

    def errors(self):
        """What it has written to its standard error."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def wait_until_it_answers(self, path, seconds=15):
        deadline = time.monotonic() + seconds
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=2) as s:
                    s.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
                    if s.recv(4096).startswith(b"HTTP/1.1 200"):
                        return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{self.name} does not answer on port {self.port}: {self.errors()}")
            time.sleep(0.02)

    def wait_until_it_listens(self, seconds=15):
        deadline = time.monotonic() + seconds
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
                return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{self.name} does not listen on port {self.port}: {self.errors()}")
            time.sleep(0.02)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.log.close()

    def cpu_nanoseconds(self):
        """CPU time of all living threads of the process and its descendants (/proc/PID/task/TID/schedstat)."""
        total = 0
        for pid in self._tree():
            for thread in _list(f"/proc/{pid}/task"):
                try:
                    with open(f"/proc/{pid}/task/{thread}/schedstat") as f:
                        total += int(f.read().split()[0])
                except OSError:
                    pass
        return total

    def _tree(self):
        children = {}
        for pid in filter(str.isdigit, _list("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as f:
                    children.setdefault(int(f.read().rsplit(")", 1)[1].split()[1]), []).append(int(pid))
            except OSError:
                pass
        todo, found = [self.process.pid], []
        while todo:
            pid = todo.pop()
            found.append(pid)
            todo += children.get(pid, [])
        return found


# A path may have a "#", which each request replaces by a number of its own: then no two heads are alike.
WRK_SCRIPT = """
local number, path, size = 1e6, nil, 1
init = function(args)
  local body, fields = nil, {}
  if args[3] then
    local file = io.open(args[3], "rb")
    body = file:read("*a")
    file:close()
    fields["Content-Type"] = "application/json"
  end
  path, size = args[1], tonumber(args[2])
  batch = wrk.format(body and "POST" or "GET", path, fields, body):rep(size)
  if path:find("#") then request = unlike end
end
request = function() return batch end
unlike = function()
  return (batch:gsub("#", function()
    number = number + 1
    return number
  end))
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("counted %d %d %d %f\\n", summary.requests, e.connect + e.read + e.write + e.status + e.timeout,
    summary.duration, latency:percentile(99)))
end
"""


def private_kib(pid):
    """Memory that the process shares with no other one."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return sum(int(size) for size in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+)", f.read(), re.M))


class Load:
    """What wrk has done to a server: requests, its seconds, p99 in microseconds, and the server's CPU nanoseconds."""

    def __init__(self, server, path, cpu, seconds, connections=64, batch=1, body=None, tls=False):
        """`batch` requests are sent at once; `body` is a file that is posted as JSON."""
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(WRK_SCRIPT)
            script.flush()
            before = server.cpu_nanoseconds()
            command = ["taskset", "-c", cpu, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name,
                       f"https://127.0.0.1:{server.tls_port}" if tls else f"http://127.0.0.1:{server.port}", "--", path, str(batch)] + ([str(body)] if body else [])
            output = subprocess.run(command, capture_output=True, text=True).stdout
            self.cpu_nanoseconds = max(server.cpu_nanoseconds() - before, 1)
        counted = re.search(r"counted (\d+) (\d+) (\d+) ([\d.]+)", output)
        if not counted or int(counted.group(2)) or not int(counted.group(1)):
            sys.exit(f"{server.name}: requests to {path} failed:\n{output}")
        self.requests, self.seconds = int(counted.group(1)), int(counted.group(3)) / 1e6
        self.p99 = float(counted.group(4))

    @property
    def per_second(self):
        return self.requests / self.seconds

    @property
    def per_cpu_second(self):
        return self.requests / self.cpu_nanoseconds * 1e9


def children(pid):
    """The processes that a process has started, in the order of their numbers."""
    found = []
    for other in filter(str.isdigit, _list("/proc")):
        try:
            with open(f"/proc/{other}/stat") as f:
                if int(f.read().rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(other))
        except OSError:
            pass
    return sorted(found)


def _list(directory):
    try:
        return os.listdir(directory)
    except OSError:
        return []


def show(rows, unit, as_json, remark=lambda row: ""):
    """Rows of {row, peer, ours, theirs, ratio}, as JSON or as a table, there with what `remark` says about each."""
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    print(f"{'':<17}{'peer':<16}{'ours':>12}{'theirs':>12}{'ratio':>8}   {unit}")
    for r in rows:
        line = f"{r['row']:<17}{r['peer']:<16}{r['ours']:>12,.1f}{r['theirs']:>12,.1f}{r['ratio']:>8.2f}   {remark(r)}"
        print(line.rstrip())
