"""Jira, Confluence and Bitbucket as far as users and groups go: one stateful server each, with the traps of the products. Run as a program
it serves one of them until it is ended, and prints its port: products.py KIND PORT [FAULTS], where PORT may be 0 and FAULTS is the share
of requests that go wrong. GET /-/state answers
with everything it has, PUT /-/faults with a number changes the share."""
import base64, json, os, random, subprocess, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

ADMIN, PASSWORD = "scimd", "s3cret-of-the-target"


class Refused(Exception):
    def __init__(self, status, message="", headers=()):
        self.status, self.message, self.headers = status, message, dict(headers)


class Product:
    """What all three have: users by their names, groups with members."""
    lower = True

    def __init__(self):
        self.users, self.groups, self.made = {}, {}, 0
        self.requests = 0

    def key(self, name):
        return name.lower()

    def user(self, name):
        user = self.users.get(self.key(name))
        if user is None:
            raise Refused(404, "The user named '%s' does not exist" % name)
        return user

    def group(self, name):
        group = self.groups.get(name.lower())
        if group is None:
            raise Refused(404, "The group named '%s' does not exist" % name)
        return group

    def add_user(self, name, **more):
        self.made += 1
        user = {"id": "K%06d" % self.made, "name": name.lower() if self.lower else name, "active": True, **more}
        self.users[self.key(name)] = user
        return user

    def add_group(self, name):
        self.groups[name.lower()] = {"name": name, "members": set()}

    def rename(self, user, name):
        if self.key(name) != self.key(user["name"]):
            del self.users[self.key(user["name"])]
        user["name"] = name.lower() if self.lower else name
        self.users[self.key(name)] = user

    def remove_user(self, user):
        del self.users[self.key(user["name"])]
        for group in self.groups.values():
            group["members"].discard(user["id"])

    def members(self, group):
        by_id = {user["id"]: user for user in self.users.values()}
        return sorted((by_id[one] for one in group["members"]), key=lambda user: user["id"])

    def state(self):
        users = {user["name"]: {name: user.get(name) for name in ("display", "email", "active", "locked")}
                 for user in self.users.values() if user["name"] != ADMIN}
        groups = {group["name"]: sorted(user["name"] for user in self.members(group))
                  for group in self.groups.values() if not group.get("own")}
        return {"users": users, "groups": groups, "requests": self.requests}


class Jira(Product):
    def shown(self, user):
        return {"key": user["id"], "name": user["name"], "displayName": user["display"], "emailAddress": user["email"],
                "active": user["active"],
                "groups": {"items": [{"name": group["name"]} for group in self.groups.values()
                                     if user["id"] in group["members"]]}}

    def found(self, query):
        if "key" in query:
            for user in self.users.values():
                if user["id"] == query["key"]:
                    return user
            raise Refused(404, "no such key")
        return self.user(query.get("username", ""))

    def answer(self, method, path, query, body):
        at = (method, path)
        if at == ("GET", "/rest/api/2/serverInfo"):
            return 200, {"version": "11.3.8"}
        if at == ("GET", "/rest/api/2/myself"):
            return 200, {"name": ADMIN}
        if at == ("GET", "/rest/api/2/mypermissions"):
            return 200, {"permissions": {"ADMINISTER": {"havePermission": True}}}
        if at == ("POST", "/rest/api/2/user"):
            if self.key(body["name"]) in self.users:
                raise Refused(400, "A user with that username already exists.")
            user = self.add_user(body["name"], display=body["displayName"], email=body["emailAddress"])
            return 201, self.shown(user)
        if path == "/rest/api/2/user" and method in ("GET", "PUT", "DELETE"):
            user = self.found(query)
            if method == "DELETE":
                self.remove_user(user)
                return 204, None
            if method == "PUT":
                name = body.get("name", user["name"])
                if self.key(name) != self.key(user["name"]) and self.key(name) in self.users:
                    raise Refused(400, "A user with that username already exists.")
                changes = [name.lower() != user["name"], body.get("displayName", user["display"]) != user["display"],
                           body.get("emailAddress", user["email"]) != user["email"],
                           body.get("active", user["active"]) != user["active"]]
                if not any(changes):
                    raise Refused(400, "error.no.value.found.to.be.changed")
                self.rename(user, name)
                user["display"] = body.get("displayName", user["display"])
                user["email"] = body.get("emailAddress", user["email"])
                user["active"] = body.get("active", user["active"])
            return 200, self.shown(user)
        if at == ("GET", "/rest/api/2/user/list"):
            size = min(int(query.get("maxResults", 2000)), 7)
            rows = sorted(self.users.values(), key=lambda user: user["id"])
            rows = [user for user in rows if user["id"] > query.get("cursor", "")]
            page = rows[:size]
            last = len(page) == len(rows)
            return 200, {"values": [self.shown(user) for user in page], "isLast": last,
                         "nextCursor": page[-1]["id"] if page else ""}
        if at == ("POST", "/rest/api/2/group"):
            if not body.get("name") or body["name"].lower() in self.groups:
                raise Refused(400, "A group or user with this name already exists.")
            self.add_group(body["name"])
            return 201, {"name": body["name"]}
        if at == ("DELETE", "/rest/api/2/group"):
            self.group(query["groupname"])
            del self.groups[query["groupname"].lower()]
            return 200, None
        if at == ("GET", "/rest/api/2/groups/picker"):
            names = [group["name"] for group in self.groups.values() if query.get("query", "").lower() in group["name"].lower()]
            return 200, {"groups": [{"name": name} for name in names[:5]], "total": len(names)}
        if at == ("GET", "/rest/api/2/group/member"):
            rows = self.members(self.group(query["groupname"]))
            start, size = int(query.get("startAt", 0)), min(int(query.get("maxResults", 50)), 5)
            page = rows[start:start + size]
            return 200, {"values": [self.shown(user) for user in page], "isLast": start + size >= len(rows), "total": len(rows)}
        if at == ("POST", "/rest/api/2/group/user"):
            group, user = self.group(query["groupname"]), self.user(body["name"])
            if user["id"] in group["members"]:
                raise Refused(400, "Cannot add user. '%s' is already a member of '%s'" % (user["name"], group["name"]))
            group["members"].add(user["id"])
            return 201, {"name": group["name"]}
        if at == ("DELETE", "/rest/api/2/group/user"):
            group, user = self.group(query["groupname"]), self.user(query["username"])
            if user["id"] not in group["members"]:
                raise Refused(400, "Cannot remove user '%s' from group '%s' since user is not a member of '%s'"
                              % (user["name"], group["name"], group["name"]))
            group["members"].discard(user["id"])
            return 200, None
        raise Refused(404, "null for uri: " + path)


class Confluence(Product):
    def shown(self, user):
        return {"type": "known", "username": user["name"], "userKey": user["id"], "displayName": user["display"],
                "status": "current" if user["active"] else "deactivated"}

    def paged(self, rows, query, path, most=6):
        start, size = int(query.get("start", 0)), min(int(query.get("limit", 25)), most)
        page = rows[start:start + size]
        links = {}
        if start + size < len(rows):
            links["next"] = "%s?start=%d&limit=%d" % (path, start + size, size)
        return 200, {"results": page, "start": start, "limit": size, "size": len(page), "_links": links}

    def answer(self, method, path, query, body):
        parts = [unquote(part) for part in path.split("/")[3:]]
        at = (method, path)
        if at == ("GET", "/rest/api/user/current"):
            return 200, {"type": "known", "username": ADMIN}
        if at == ("GET", "/rest/api/admin/users/list/active"):
            rows = [self.shown(user) for user in self.users.values() if user["active"]]
            return self.paged(rows, query, path)
        if at == ("POST", "/rest/api/admin/user"):
            name = body["userName"]
            if name != name.lower() or any(letter in name for letter in " \\,+<>'\""):
                raise Refused(400, "the user name has letters that it must not have")
            if "password" not in body and not body.get("notifyViaEmail"):
                raise Refused(400, "a password is required")
            if self.key(name) in self.users:
                raise Refused(409, "User already exists")
            return 201, {"userKey": self.add_user(name, display=body["fullName"], email=body["email"])["id"]}
        if parts[:2] == ["admin", "user"] and len(parts) >= 3:
            user = self.user(parts[2])
            if method == "PUT" and len(parts) == 3:
                user["display"], user["email"] = body["fullName"], body["email"]
                return 204, None
            if method == "PUT" and parts[3:] in (["disable"], ["enable"]):
                user["active"] = parts[3] == "enable"
                return 204, None
            if method == "DELETE":
                self.remove_user(user)
                return 202, {"id": "1"}
        if at == ("GET", "/rest/api/user"):
            if "key" in query:
                for user in self.users.values():
                    if user["id"] == query["key"]:
                        return 200, self.shown(user)
                raise Refused(404, "no such key")
            return 200, self.shown(self.user(query["username"]))
        if at == ("GET", "/rest/api/user/list"):
            return self.paged([self.shown(user) for user in sorted(self.users.values(), key=lambda one: one["id"])], query, path)
        if at == ("GET", "/rest/api/group"):
            rows = [{"type": "group", "name": self.groups[name]["name"]} for name in sorted(self.groups)]
            return self.paged(rows, query, path)
        if at == ("POST", "/rest/api/admin/group"):
            if not body.get("name"):
                raise Refused(400, "no name")
            if body["name"].lower() in self.groups:
                raise Refused(409, "Group already exists")
            self.add_group(body["name"])
            return 200, {"type": "group", "name": body["name"]}
        if method == "DELETE" and parts[:2] == ["admin", "group"]:
            self.group(parts[2])
            del self.groups[parts[2].lower()]
            return 204, None
        if at == ("GET", "/rest/api/group/member"):
            rows = [self.shown(user) for user in self.members(self.group(query["groupName"]))]
            return self.paged(rows, query, path, 4)
        if parts[:1] == ["user"] and len(parts) == 4 and parts[2] == "group":
            user, group = self.user(parts[1]), self.group(parts[3])
            change = group["members"].add if method == "PUT" else group["members"].discard
            change(user["id"])
            return 204, None
        raise Refused(404, "nothing here: " + path)


class Bitbucket(Product):
    lower = False

    def shown(self, user):
        return {"id": user["id"], "name": user["name"], "displayName": user["display"], "emailAddress": user["email"],
                "active": True, "type": "NORMAL"}

    def paged(self, rows, query):
        start, size = int(query.get("start", 0)), min(int(query.get("limit", 25)), 5)
        page, last = rows[start:start + size], start + size >= len(rows)
        answer = {"values": page, "start": start, "limit": size, "size": len(page), "isLastPage": last}
        if not last:
            answer["nextPageStart"] = start + size
        return 200, answer

    def answer(self, method, path, query, body):
        path = path.replace("/rest/api/latest", "")
        at = (method, path)
        if at == ("GET", "/application-properties"):
            return 200, {"version": "10.4.0", "displayName": "Bitbucket"}
        if path == "/admin/permissions/users":
            if method == "GET":
                return self.paged([], query)
            self.user(query["name"])["licence"] = method == "PUT"
            return 204, None
        if path == "/admin/users":
            if method == "GET":
                rows = [self.shown(user) for user in sorted(self.users.values(), key=lambda one: one["id"])
                        if query.get("filter", "").lower() in (user["name"] + user["display"] + user["email"]).lower()]
                return self.paged(rows, query)
            if method == "POST":
                if self.key(query["name"]) in self.users:
                    raise Refused(409, "A user with this name exists")
                if not query.get("password") and query.get("notify") != "true":
                    raise Refused(400, "a password is required")
                self.add_user(query["name"], display=query["displayName"], email=query["emailAddress"])
                return 204, None
            if method == "PUT":
                user = self.user(body["name"])
                user["display"], user["email"] = body["displayName"], body["email"]
                return 200, self.shown(user)
            user = self.user(query["name"])
            self.remove_user(user)
            return 200, self.shown(user)
        if at == ("POST", "/admin/users/rename"):
            user = self.user(body["name"])
            if self.key(body["newName"]) != self.key(body["name"]) and self.key(body["newName"]) in self.users:
                raise Refused(400, "A user with this name exists")
            self.rename(user, body["newName"])
            return 200, self.shown(user)
        if at == ("PUT", "/admin/users/credentials"):
            self.user(body["name"])["locked"] = True
            return 204, None
        if path == "/admin/groups":
            if method == "GET":
                rows = [{"name": self.groups[name]["name"]} for name in sorted(self.groups)
                        if query.get("filter", "").lower() in name]
                return self.paged(rows, query)
            if method == "POST":
                if query["name"].lower() in self.groups:
                    raise Refused(409, "A group with this name exists")
                self.add_group(query["name"])
                return 200, {"name": query["name"]}
            self.group(query["name"])
            del self.groups[query["name"].lower()]
            return 200, {"name": query["name"]}
        if at == ("GET", "/admin/groups/more-members"):
            return self.paged([self.shown(user) for user in self.members(self.group(query["context"]))], query)
        if at == ("POST", "/admin/groups/add-users"):
            group, users = self.group(body["group"]), [self.user(name) for name in body["users"]]
            group["members"].update(user["id"] for user in users)
            return 200, None
        if at == ("POST", "/admin/users/remove-group"):
            self.group(body["itemName"])["members"].discard(self.user(body["context"])["id"])
            return 200, None
        raise Refused(404, "nothing here: " + path)


def start(kind, faults):
    """One of them as a process of its own: the process and its port."""
    process = subprocess.Popen([sys.executable, os.path.abspath(__file__), kind, "0", str(faults)], stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


KINDS = {"jira": Jira, "confluence": Confluence, "bitbucket": Bitbucket}


def serve(kind, port, faults):
    product, lock, chance = KINDS[kind](), threading.Lock(), {"faults": faults}
    product.add_user(ADMIN, display="The account of scimd", email="")
    wanted = "Basic " + base64.b64encode(("%s:%s" % (ADMIN, PASSWORD)).encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def handle_one(self):
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
            if url.path == "/-/state":
                return self.reply(200, product.state())
            if url.path == "/-/faults":
                chance["faults"] = float(raw)
                return self.reply(200, {})
            if self.headers.get("Authorization") != wanted:
                return self.reply(401, {"message": "You are not authenticated."})
            if self.command != "GET" and self.headers.get("X-Atlassian-Token") != "no-check":
                return self.reply(403, {"message": "XSRF check failed"})
            luck = random.random() / chance["faults"] if chance["faults"] else 9
            # Some faults come before the work is done and some after, which nobody at the other end can tell apart.
            if luck < 0.2:
                return self.reply(429, {"message": "Rate limit exceeded."}, {"Retry-After": "0"})
            if luck < 0.4:
                return self.reply(500, {"message": "Internal server error"})
            if luck < 0.5:
                return self.hang_up()
            with lock:
                product.requests += 1
                try:
                    status, answer = product.answer(self.command, url.path, query, json.loads(raw) if raw else {})
                except Refused as refused:
                    status, answer = refused.status, {"errorMessages": [refused.message], "message": refused.message}
            if 0.5 <= luck < 0.7:
                return self.hang_up()
            if 0.7 <= luck < 0.9:
                return self.reply(503, {"message": "The service is not available"}, {"Retry-After": "0"})
            self.reply(status, answer)

        def hang_up(self):
            self.close_connection = True
            self.connection.close()

        def reply(self, status, answer, headers=()):
            text = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            if status != 204:
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if status != 204:
                self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_DELETE = handle_one

        def handle(self):
            try:
                super().handle()
            except (OSError, ValueError):
                self.close_connection = True

    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 0.0)
