"""A running scimd for the end-to-end scripts: started on a free port, spoken to over TLS, ended by its pid."""
import http.client, json, os, random, secrets, signal, socket, ssl, subprocess, sys, time


def free_port():
    """A port that nobody has, and that no connection gets for its own end while a server that is to have it again is down: those come from
    above (ip_local_port_range)."""
    for _ in range(1000):
        port = random.SystemRandom().randrange(15000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    sys.exit("there is no free port")


class Site:
    """One data directory, and the server on it while it runs."""

    def __init__(self, scimd, data, *flags):
        self.scimd, self.data, self.flags = scimd, data, flags
        self.token = secrets.token_hex(24)
        self.process = self.port = None

    @property
    def ca(self):
        return os.path.join(self.data, "tls", "ca.pem")

    @property
    def socket(self):
        return os.path.join(self.data, "admin", "admin.sock")

    def start(self, port=None):
        """Starts the server and waits until it is ready; gives the seconds that took."""
        for _ in range(5):
            self.port = port or free_port()
            env = {name: value for name, value in os.environ.items() if not name.startswith("SCIMD_")}
            env["SCIMD_BOOTSTRAP_TOKEN"] = self.token
            began = time.monotonic()
            with open(self.data + ".log", "ab") as log, open(self.data + ".out", "ab") as out:
                command = [self.scimd, "serve", "--data-dir", self.data, "--scim-addr", "127.0.0.1:%d" % self.port]
                self.process = subprocess.Popen([*command, *self.flags], stdout=out, stderr=log, env=env)
            while time.monotonic() < began + 30 and self.process.poll() is None:
                try:
                    connection = self.client()
                    connection.request("GET", "/readyz")
                    if connection.getresponse().status == 200:
                        return time.monotonic() - began
                except (OSError, http.client.HTTPException):
                    time.sleep(0.01)
            self.end(signal.SIGKILL)
        sys.exit("the server does not start, see %s.log" % self.data)

    def client(self, timeout=20):
        context = ssl.create_default_context(cafile=self.ca)
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=timeout)

    def end(self, how=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None

    def scim(self, method, path, body=None, token=None, tenant="default", client=None, headers=()):
        """One SCIM request: status, body as text, headers."""
        client = client or self.client()
        head = {"Authorization": "Bearer " + (token or self.token), "Content-Type": "application/scim+json"}
        head.update(headers)
        text = json.dumps(body) if body is not None else None
        client.request(method, "/tenants/%s/scim/v2%s" % (tenant, path), body=text, headers=head)
        answer = client.getresponse()
        return answer.status, answer.read().decode(), answer.headers

    def run(self, *arguments, check=True):
        """A command of the binary against this server's admin socket, with JSON for an answer."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("SCIMD_")}
        command = [self.scimd, *arguments, "--data-dir", self.data, "--output", "json"]
        done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=600)
        if check and done.returncode != 0:
            raise AssertionError("%s: exit code %d: %s" % (" ".join(arguments), done.returncode, done.stderr))
        return json.loads(done.stdout) if check else done


def user(name):
    return {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name}


def group(name, members=()):
    return {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name,
            "members": [{"value": member} for member in members]}


def patch(op, path, value=None):
    operation = {"op": op, "path": path}
    if value is not None:
        operation["value"] = value
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
