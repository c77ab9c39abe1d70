"""Writes a variant of an Envoy configuration: other ports, other addresses, another gateway configuration.

The shipped envoy.yaml is what runs in production, in the tests, in the demo and in the benchmark; this changes what has
to differ there, and nothing else.

    render.py envoy/envoy.yaml OUT --port 10000 --admin-port 9901 --wasm signalbox.wasm
    render.py envoy/envoy.yaml OUT --cluster openai=127.0.0.1:4010     # this cluster without TLS
    render.py envoy/envoy.yaml OUT --simulator 127.0.0.1:4010          # every cluster, with placeholder credentials
    render.py examples/fallback/signalbox.yaml OUT                     # a gateway configuration, merged into envoy.yaml
                                                                       # (fleet/envoy.yaml, if it says filter_state: true)
    render.py envoy/envoy.yaml OUT --gateway-config gateway.json       # the same, with both files named
"""

import argparse
import copy
import ipaddress
import json
import pathlib
import sys

from strict_yaml import Refused, read

TLS_PORT, PLAIN_PORT = 443, 80
SHIPPED = pathlib.Path(__file__).with_name("envoy.yaml")
# For a gateway with `filter_state: true`: with Envoy's rate limit filter, which reads that.
FLEET = SHIPPED.parent / "fleet" / "envoy.yaml"

# Where a dialect's providers are that say no `host`, as the module has it (tests/envoy/render.rs compares the two).
HOSTS = {
    "openai": "api.openai.com",
    "groq": "api.groq.com",
    "deepseek": "api.deepseek.com",
    "together": "api.together.ai",
    "fireworks": "api.fireworks.ai",
    "vllm": None,
    "ollama": None,
    "openrouter": "openrouter.ai",
    "anthropic": "api.anthropic.com",
    "gemini": "generativelanguage.googleapis.com",
    "bedrock": "bedrock-runtime.{region}.amazonaws.com",
    "azure": None,
    "mistral": "api.mistral.ai",
    "vertex": "{region}-aiplatform.googleapis.com",
    "cohere": "api.cohere.com",
}


def main():
    arguments = parse_arguments()
    config = read_configuration(arguments.config)
    gateway = read_configuration(arguments.gateway_config) if arguments.gateway_config else None
    if gateway is None and "static_resources" not in config and "providers" in config:
        gateway, config = config, read_configuration(FLEET if config.get("filter_state") is True else SHIPPED)
    overrides = dict(arguments.cluster)
    services = service_clusters(config)

    if gateway is not None:
        replace_gateway(config, gateway, overrides, arguments.simulator)
    if arguments.simulator:
        overrides = {name: arguments.simulator for name in cluster_names(config) if name not in services} | overrides
        place_credentials(config)
    for name, address in overrides.items():
        repoint(config, name, address)
    if arguments.port is not None:
        listener = config["static_resources"]["listeners"][0]
        listener["address"]["socket_address"]["port_value"] = arguments.port
    if arguments.admin_port is not None:
        config["admin"]["address"]["socket_address"]["port_value"] = arguments.admin_port
    if arguments.wasm:
        for plugin in plugins(config):
            plugin["vm_config"]["code"] = {"local": {"filename": arguments.wasm}}

    # JSON, because it has no aliases: what the file says stands where it says it.
    pathlib.Path(arguments.out).write_text(json.dumps(config, indent=1) + "\n")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="an Envoy bootstrap, or a gateway configuration to merge into the shipped one")
    parser.add_argument("out", help="the file to write (JSON, which Envoy reads as YAML)")
    parser.add_argument("--port", type=int, help="the listener's port; 0 takes a free one")
    parser.add_argument("--admin-port", type=int, help="the admin interface's port; 0 takes a free one")
    parser.add_argument("--wasm", metavar="PATH", help="the module's file")
    parser.add_argument("--cluster", metavar="NAME=HOST:PORT", type=named_address, action="append", default=[],
                        help="send this cluster's requests there, without TLS (repeatable)")
    parser.add_argument("--simulator", metavar="HOST:PORT", type=address,
                        help="send every cluster's requests there, without TLS and with placeholder credentials")
    parser.add_argument("--gateway-config", metavar="FILE",
                        help="the gateway's configuration (YAML or JSON), with a cluster for each of its providers")
    return parser.parse_args()


def address(text):
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"expected HOST:PORT, got {text!r}")
    return host, int(port)


def named_address(text):
    name, equals, rest = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"expected NAME=HOST:PORT, got {text!r}")
    return name, address(rest)


def read_configuration(path):
    config = read(path)
    if not isinstance(config, dict) or not ("static_resources" in config or "providers" in config):
        raise Refused(f"{path} is neither an Envoy bootstrap (static_resources: …) nor a gateway configuration (providers: …)")
    return config


# === What stands where in a bootstrap ===


def walk(node):
    """Every mapping in the tree; each once, although YAML aliases let it stand in several places."""
    seen, rest = set(), [node]
    while rest:
        node = rest.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, dict):
            yield node
            rest += node.values()
        elif isinstance(node, list):
            rest += node


def plugins(config):
    return [node for node in walk(config) if "vm_config" in node and "configuration" in node]


def gateway_plugin(config):
    for plugin in plugins(config):
        value = plugin["configuration"].get("value")
        if isinstance(value, dict) and value.get("role") == "gateway":
            return plugin
    raise Refused("the configuration has no Wasm filter with `role: gateway`")


def cluster_map(config):
    for node in walk(config):
        if "exact_match_map" in node:
            return node["exact_match_map"]["map"]
    raise Refused("the configuration has no matcher cluster specifier")


def cluster_names(config):
    return [cluster["name"] for cluster in config["static_resources"]["clusters"]]


def service_clusters(config):
    """The clusters that no request is routed to: such as that of the rate limit service."""
    return {name for name in cluster_names(config) if name not in cluster_map(config)}


# === The changes ===


def repoint(config, name, to):
    host, port = to
    for cluster in config["static_resources"]["clusters"]:
        if cluster["name"] == name:
            cluster.pop("transport_socket", None)
            # auto_config chooses between HTTP/1.1 and HTTP/2 in the TLS handshake, which there is none of now.
            if any("auto_config" in options for options in cluster.get("typed_extension_protocol_options", {}).values()):
                cluster.pop("typed_extension_protocol_options")
            cluster.pop("dns_lookup_family", None)
            cluster.pop("respect_dns_ttl", None)
            cluster["type"] = "STATIC" if is_ip(host) else "STRICT_DNS"
            cluster["load_assignment"] = assignment(name, host, port)
            return
    raise Refused(f"--cluster {name}: there is no such cluster; there are {', '.join(cluster_names(config))}")


def replace_gateway(config, gateway, overrides, simulator):
    providers = gateway.get("providers")
    if not isinstance(providers, dict) or not all(isinstance(provider, dict) for provider in providers.values()):
        raise Refused("providers: expected a mapping of slugs to mappings")
    gateway_plugin(config)["configuration"]["value"] = gateway
    names = {name for provider in providers.values() for name in variables(provider)}
    set_environment(config, {"host_env_keys": sorted(names.union(variables_of_keys(gateway.get("keys"))))})

    known = {cluster["name"]: cluster for cluster in config["static_resources"]["clusters"]}
    services = [known[name] for name in cluster_names(config) if name in service_clusters(config)]
    template = config["static_resources"]["clusters"][0]
    actions = cluster_map(config)
    action = next(iter(actions.values()))
    clusters = {}
    for slug, provider in providers.items():
        name = provider.get("cluster") or slug
        # A cluster of that name may be there, for somebody else: what matters is where the provider is.
        host = name if name in overrides or simulator else host_of(slug, provider)
        cluster = cluster_like(known.get(name, template), name, host)
        if clusters.setdefault(name, cluster) != cluster:
            raise Refused(f'providers.{slug}.cluster: "{name}" leads to the host of another provider')
    # No request is routed to these: only the plugin calls them.
    token_clusters = {}
    for credential in map(credential_of, providers.values()):
        name = credential.get("token_cluster")
        if isinstance(name, str) and name not in clusters:
            token_clusters[name] = (known.get(name) or (metadata_cluster(name) if "metadata" in credential
                                                        else cluster_like(template, name, "oauth2.googleapis.com")))
    services = [cluster for cluster in services if cluster["name"] not in clusters and cluster["name"] not in token_clusters]
    config["static_resources"]["clusters"] = [*clusters.values(), *token_clusters.values(), *services]
    actions.clear()
    for name in clusters:
        actions[name] = copy.deepcopy(action)
        actions[name]["action"]["name"] = name
        actions[name]["action"]["typed_config"]["cluster"] = name


def place_credentials(config):
    """A simulator is never sent a real credential, needs no variable to be set, and has no token endpoint."""
    for provider in gateway_plugin(config)["configuration"]["value"]["providers"].values():
        if "token_cluster" in credential_of(provider):
            provider["credential"] = {"env": "ACCESS_TOKEN"}
            set_environment(config, {"host_env_keys": [*host_env_keys(config), "ACCESS_TOKEN"]})
    names = host_env_keys(config)
    if names:
        set_environment(config, {"key_values": {name: f"placeholder-{name.lower()}" for name in names}})


def host_env_keys(config):
    return gateway_plugin(config)["vm_config"].get("environment_variables", {}).get("host_env_keys", [])


def set_environment(config, variables):
    # For both roles: they share a VM only while their vm_config is the same.
    for plugin in plugins(config):
        plugin["vm_config"]["environment_variables"] = variables


def credential_of(provider):
    credential = provider.get("credential")
    return credential if isinstance(credential, dict) else {}


def variables(provider):
    """The environment variables that a provider's credential is in: `{env: NAME}`, `{aws: {access_key_id: NAME, …}}` or
    `{service_account: {env: NAME}, …}`."""
    credential = credential_of(provider)
    aws, account = credential.get("aws"), credential.get("service_account")
    names = [credential.get("env"), *(aws.values() if isinstance(aws, dict) else []),
             account.get("env") if isinstance(account, dict) else None]
    return [name for name in names if isinstance(name, str)]


def variables_of_keys(keys):
    """The environment variables of the credentials that keys have of their own: `byok: {SLUG: {env: NAME}}`."""
    keys = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
    sources = [source for key in keys if isinstance(key.get("byok"), dict) for source in key["byok"].values()]
    return [source["env"] for source in sources if isinstance(source, dict) and isinstance(source.get("env"), str)]


def host_of(slug, provider):
    """Where a provider is: its `host`, or that of its dialect, in its region if the dialect has regions."""
    dialect, host, region = (provider.get(member) for member in ("dialect", "host", "region"))
    if host is None:
        if dialect not in [*HOSTS]:
            raise Refused(f"providers.{slug}.dialect: expected one of {', '.join(HOSTS)}, found {dialect!r}")
        host = HOSTS[dialect]
        if host is None:
            raise Refused(f"providers.{slug}.host: missing, and dialect {dialect} has no host of its own")
        if "{region}" in host:
            if not isinstance(region, str):
                raise Refused(f"providers.{slug}.region: expected a text: dialect {dialect} wants a region")
            if dialect == "vertex" and region == "global":
                return "aiplatform.googleapis.com"
            if dialect == "vertex" and region in ("us", "eu"):
                return f"aiplatform.{region}.rep.googleapis.com"
            host = host.replace("{region}", region)
    if not isinstance(host, str):
        raise Refused(f"providers.{slug}.host: expected a text")
    return host


def cluster_like(template, name, authority):
    """The way to a provider: over TLS, but to this machine and to a bare address, which no certificate is for."""
    host, port = host_and_port(authority)
    is_plain = (is_ip(host) or is_loopback(host)) and port != TLS_PORT
    port = port or (PLAIN_PORT if is_plain else TLS_PORT)
    cluster = copy.deepcopy(template) | {"name": name, "load_assignment": assignment(name, host, port)}
    if is_plain:
        cluster.pop("transport_socket", None)
        # auto_config chooses in the TLS handshake, which there is none of; what is plain is HTTP/1.1. The server of vLLM
        # closes what was idle for 5 s (uvicorn's timeout_keep_alive), and a request on such a connection is lost.
        cluster["typed_extension_protocol_options"] = http_options(
            explicit_http_config={"http_protocol_options": {}}, common_http_protocol_options={"idle_timeout": "4s"})
    return cluster


def metadata_cluster(name):
    """Google's metadata server, which refuses what was forwarded, as Envoy says of its own calls."""
    mutation = {"@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
                "mutations": {"request_mutations": [{"remove": "x-forwarded-for"}]}}
    codec = {"@type": "type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec"}
    options = http_options(explicit_http_config={"http_protocol_options": {}},
                           http_filters=[{"name": "envoy.filters.http.header_mutation", "typed_config": mutation},
                                         {"name": "envoy.filters.http.upstream_codec", "typed_config": codec}])
    return {"name": name, "type": "STATIC", "connect_timeout": "1s", "typed_extension_protocol_options": options,
            "load_assignment": assignment(name, "169.254.169.254", PLAIN_PORT)}


def http_options(**options):
    name = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    return {name: {"@type": f"type.googleapis.com/{name}", **options}}


def assignment(name, host, port):
    socket_address = {"address": host, "port_value": port}
    return {"cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": socket_address}}}]}]}


def host_and_port(authority):
    """The host, an IPv6 address without its brackets, and the port if one is named."""
    host, colon, port = authority.rpartition(":")
    if is_ip(authority) or not colon or not port.isdecimal():
        host, port = authority, None
    return host.removeprefix("[").removesuffix("]"), port and int(port)


def is_loopback(name):
    """Names that never lead elsewhere: https://www.rfc-editor.org/rfc/rfc6761#section-6.3."""
    name = name.lower().removesuffix(".")
    return name == "localhost" or name.endswith(".localhost")


def is_ip(host):
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        sys.exit(f"render.py: {refused}")
