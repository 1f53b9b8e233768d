"""Credentials of Docker and Podman, for what a Bazel without a credential helper asks.

No secret goes into an argument, an attribute, a file or a message. The
environment is read through `rctx.os` and files without watching them: logging
in must not fetch every image again.
"""

load(":sources.bzl", "host_of", "is_docker_hub", "repository_of")
load(":text.bzl", "consists_of")

# Registries that answer nothing without a token, not even what is public. A
# repository rule does not see the challenge that names the realm; for any other
# registry with tokens, Bazel's credential helper does the challenge.
_REALMS = {
    "cgr.dev": ("https://cgr.dev/token", "cgr.dev"),
    "docker.elastic.co": ("https://docker-auth.elastic.co/auth", "token-service"),
    "ghcr.io": ("https://ghcr.io/token", "ghcr.io"),
    "nvcr.io": ("https://nvcr.io/proxy_auth", "nvcr.io"),
    "public.ecr.aws": ("https://public.ecr.aws/token/", "public.ecr.aws"),
    "quay.io": ("https://quay.io/v2/auth", "quay.io"),
    "registry-1.docker.io": ("https://auth.docker.io/token", "registry.docker.io"),
    "registry.gitlab.com": ("https://gitlab.com/jwt/auth", "container_registry"),
}

# A login of the environment: IMAGELOCK_AUTH_GHCR_IO=user:password.
_VARIABLE = "IMAGELOCK_AUTH_"

_HELPER_NAME = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

# A rule cannot write to a child's input, so a shell does. What is secret is in the environment.
_ASK_HELPER = "printf '%s' \"$1\" | \"$2\" get"
_ASK_REALM = "printf '%s\\n' \"$IMAGELOCK_CURL\" | \"$1\" -q -fsS --max-time 60 --proto '=https' -K - -- \"$2\""

def authorization(rctx, url, notes):
    """Finds what `rctx.download` takes as the `auth` of one address.

    Args:
      rctx: the `repository_ctx`.
      url: one of what `base_urls` returned, with a repository.
      notes: a list that gets what went wrong, for the message if the pull fails.

    Returns:
      A dictionary, or None.
    """
    if rctx.os.environ.get("IMAGELOCK_AUTH") == "bazel":
        return None
    host, repository = host_of(url), repository_of(url)
    credential = _in_environment(rctx.os.environ, host, notes)
    credential = credential or _in_dockers_variable(rctx, host, repository, notes) or _find(rctx, host, repository, notes)
    if credential and credential.bearer:
        return {"type": "pattern", "pattern": "Bearer <password>", "password": credential.bearer}
    if host in _REALMS and url.startswith("https://"):
        token = _token(rctx, host, repository, credential, notes)
        return {"type": "pattern", "pattern": "Bearer <password>", "password": token} if token else None
    if credential == None:
        notes.append("no credentials for %s are in the files of Docker or Podman" % host)
        return None
    if credential.encoded:
        return {"type": "pattern", "pattern": "Basic <password>", "password": credential.encoded}
    return {"type": "basic", "login": credential.username, "password": credential.password}

def _files(env):
    home = env.get("HOME") or env.get("USERPROFILE")
    docker = env.get("DOCKER_CONFIG")
    config = env.get("XDG_CONFIG_HOME") or (home + "/.config" if home else None)
    return [path for path in [
        env.get("REGISTRY_AUTH_FILE"),
        docker + "/config.json" if docker else None,
        env["XDG_RUNTIME_DIR"] + "/containers/auth.json" if env.get("XDG_RUNTIME_DIR") else None,
        config + "/containers/auth.json" if config else None,
        home + "/.docker/config.json" if home and not docker else None,
    ] if path]

def _read(rctx, path, notes):
    path = rctx.path(path)
    if not path.exists:
        return {}
    if hasattr(rctx, "getenv"):
        config = json.decode(rctx.read(path, watch = "no") or "{}", default = None)
    else:
        config = json.decode(rctx.read(path) or "{}")
    if type(config) != "dict":
        notes.append("%s is not a JSON object" % path)
        return {}
    return config

def _credential(encoded = None, username = None, password = None, bearer = None):
    return struct(encoded = encoded, username = username, password = password, bearer = bearer)

def _in_environment(env, host, notes):
    for name in _names(host):
        variable = _VARIABLE
        for char in name.upper().elems():
            variable += {"-": "__", ":": "___"}.get(char, char if char.isalnum() else "_")
        text = env.get(variable)
        if text:
            username, _, password = text.partition(":")
            if username and password and username != "<token>":
                return _credential(username = username, password = password)
            notes.append("%s is not user:password" % variable)
    return None

def _in_dockers_variable(rctx, host, repository, notes):
    text = rctx.os.environ.get("DOCKER_AUTH_CONFIG", "").strip()
    if not text:
        return None
    config = json.decode(text, default = None) if hasattr(rctx, "getenv") else json.decode(text)

    # Docker takes logins alone from it, and passes over all of it where there is anything else.
    auths = config.get("auths") or {} if type(config) == "dict" and list(config) in [[], ["auths"]] else None
    if type(auths) != "dict" or [entry for entry in auths.values() if not _is_login(entry)]:
        notes.append("DOCKER_AUTH_CONFIG is passed over: it may hold `auths` alone, and each of these `auth` alone")
        return None
    return _in_auths(auths, host, repository, "DOCKER_AUTH_CONFIG", notes)

def _is_login(entry):
    return type(entry) == "dict" and list(entry) == ["auth"] and type(entry["auth"]) == "string" and bool(entry["auth"])

def _find(rctx, host, repository, notes):
    for path in _files(rctx.os.environ):
        config = _read(rctx, path, notes)
        helper, credential = _helper_of(_dictionary(config, "credHelpers"), host), None
        if helper:
            credential = _ask_helper(rctx, helper, host, notes)
        credential = credential or _in_auths(_dictionary(config, "auths"), host, repository, path, notes)

        # An empty name in `credHelpers` says that no helper has the host, not even the one for all.
        if credential == None and helper == None and config.get("credsStore"):
            credential = _ask_helper(rctx, config["credsStore"], host, notes)
        if credential:
            return credential
    return None

def _helper_of(helpers, host):
    scopes = {_scope(key): helper for key, helper in helpers.items()}
    for name in _names(host):
        if scopes.get(name) != None:
            return scopes[name]
    return None

def _dictionary(config, key):
    value = config.get(key)
    return value if type(value) == "dict" else {}

def _names(host):
    return ["docker.io", "index.docker.io", "registry-1.docker.io"] if is_docker_hub(host) else [host]

def _scope(key):
    bare = key.partition("://")[2] or key
    for suffix in ["/v1/", "/v2/", "/v1", "/v2", "/"]:
        if bare.endswith(suffix) and ("://" in key or suffix.endswith("/")):
            bare = bare[:-len(suffix)]
            break
    host, slash, path = bare.partition("/")
    return host.lower() + slash + path

def _in_auths(auths, host, repository, path, notes):
    scopes = {_scope(key): entry for key, entry in auths.items() if type(entry) == "dict"}
    parts = repository.split("/")
    for count in range(len(parts), -1, -1):
        for name in _names(host):
            entry = scopes.get("/".join([name] + parts[:count]))
            if not entry:
                continue
            texts = {key: value for key, value in entry.items() if type(value) == "string" and value}
            if "registrytoken" in texts:
                return _credential(bearer = texts["registrytoken"])
            if "identitytoken" in texts:
                notes.append("%s has an identity token for %s, which only a credential helper can use" % (path, name))
            elif "auth" in texts:
                # Old clients wrapped it in lines.
                return _credential(encoded = texts["auth"].replace("\r", "").replace("\n", "").replace(" ", ""))
            elif "username" in texts and "password" in texts:
                return _credential(username = texts["username"], password = texts["password"])
    return None

def _ask_helper(rctx, helper, host, notes):
    # A helper's failure is no reason to fail: the image may be public.
    program = "docker-credential-%s" % (helper,)
    shell = rctx.which("sh")
    if type(helper) != "string" or not consists_of(helper, _HELPER_NAME) or not shell or not rctx.which(program):
        notes.append("the credential helper %r for %s is not there, or there is no shell to ask it" % (helper, host))
        return None
    address = "https://index.docker.io/v1/" if is_docker_hub(host) else host
    run = rctx.execute([shell, "-c", _ASK_HELPER, "imagelock", address, program], timeout = 60, quiet = True)
    answer = {}
    if run.return_code == 0:
        answer = json.decode(run.stdout, default = None) if hasattr(rctx, "getenv") else json.decode(run.stdout)
    if type(answer) != "dict" or type(answer.get("Username")) != "string" or type(answer.get("Secret")) != "string":
        notes.append("%s has nothing for %s" % (program, host))
        return None
    if answer["Username"] == "<token>":
        notes.append("%s has an identity token for %s, which only a credential helper of Bazel can use" % (program, host))
        return None
    return _credential(username = answer["Username"], password = answer["Secret"])

def _token(rctx, host, repository, credential, notes):
    realm, service = _REALMS[host]
    url = "%s?service=%s&scope=repository:%s:pull" % (realm, service, repository)
    text = _token_by_curl(rctx, url, credential, notes)
    if text == None and credential == None:
        # The answer is public, so that it matters little that a downloader may keep it.
        rctx.download(url = url, output = "token.json", allow_fail = True)
        if rctx.path("token.json").exists:
            text = rctx.read("token.json", watch = "no") if hasattr(rctx, "getenv") else rctx.read("token.json")
            rctx.delete("token.json")
    answer = {}
    if text:
        answer = json.decode(text, default = None) if hasattr(rctx, "getenv") else json.decode(text)
    answer = answer if type(answer) == "dict" else {}
    token = answer.get("token") or answer.get("access_token")
    if type(token) != "string":
        notes.append("%s gave no token for %s" % (realm, repository))
        return None
    return token

def _token_by_curl(rctx, url, credential, notes):
    curl, shell = rctx.which("curl"), rctx.which("sh")
    if not curl or not shell:
        if credential != None:
            notes.append("the credentials of %s need curl, or a credential helper of Bazel" % url.partition("?")[0])
        return None
    setting = _curl_setting(credential) if credential != None else ""
    run = rctx.execute(
        [shell, "-c", _ASK_REALM, "imagelock", curl, url],
        environment = {"IMAGELOCK_CURL": setting},
        timeout = 90,
        quiet = True,
    )
    if run.return_code != 0:
        # What curl says holds no credential: it had them from its input.
        notes.append("asking %s for a token: %s" % (url.partition("?")[0], run.stderr.strip() or "no answer"))
        return "" if credential != None else None
    return run.stdout

def _curl_setting(credential):
    if credential.encoded:
        key, value = "header", "Authorization: Basic " + credential.encoded
    else:
        key, value = "user", "%s:%s" % (credential.username, credential.password)
    for plain, escaped in [("\\", "\\\\"), ("\"", "\\\""), ("\n", "\\n"), ("\r", "\\r")]:
        value = value.replace(plain, escaped)
    return "%s = \"%s\"" % (key, value)
