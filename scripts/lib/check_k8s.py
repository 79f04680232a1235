"""Checks rendered Kubernetes manifests.

Usage: check_k8s.py ROOT FOLDER. The folder has the rendered files of scripts/check-k8s: service-NAME.yaml, gateway.yaml,
topology.yaml, reconciliation.yaml, namespace.yaml and overlay-ENVIRONMENT.yaml. Prints one line per error; exit code 1 if there is any.
Needs PyYAML. With the Python package kubernetes-validate every object is also compared with the schema of its kind.
"""

import json
import sys
from pathlib import Path

import yaml
from gateway_settings import template_names

try:
    import kubernetes_validate
except ImportError:
    kubernetes_validate = None

KUBERNETES = "1.34"
# Several times as fast, where PyYAML has it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
root, folder = Path(sys.argv[1]), Path(sys.argv[2])
SERVICES = sorted(path.name for path in (root / "services").iterdir() if path.is_dir())
NAME = "app.kubernetes.io/name"
errors = []


def expect(condition, message):
    if not condition:
        errors.append(message)


class Manifests:
    """The objects of one rendered file, or some of them."""

    def __init__(self, where, objects):
        self.where, self.objects, self.by_kind = where, objects, {}
        for item in objects:
            name = item["metadata"]["name"]
            kind = self.by_kind.setdefault(item["kind"], {})
            expect(name not in kind, f"{where}: two {item['kind']} called {name}")
            kind[name] = item

    def of(self, kind):
        return self.by_kind.get(kind, {})

    def of_service(self, service):
        """What `kubectl apply -l app.kubernetes.io/name=SERVICE` applies."""
        return Manifests(f"{self.where} -l {service}", [item for item in self.objects if item["metadata"].get("labels", {}).get(NAME) == service])

    def pods(self):
        """The name, object and pod template of everything that starts pods."""
        for kind in ("Deployment", "Job", "CronJob"):
            for name, item in self.of(kind).items():
                spec = item["spec"]["jobTemplate"]["spec"] if kind == "CronJob" else item["spec"]
                yield f"{kind} {name}", item, spec["template"]


def read(path):
    return Manifests(path.stem, [item for item in yaml.load_all(path.read_text(), LOADER) if item])


def selects(selector, labels):
    return bool(selector) and all(labels.get(label) == value for label, value in selector.items())


validated = set()


def check_schemas(manifests):
    for item in manifests.objects:
        # Most objects are the same in every environment but for their namespace.
        content = json.dumps(item | {"metadata": item["metadata"] | {"namespace": ""}}, sort_keys=True)
        if content in validated:
            continue
        validated.add(content)
        try:
            kubernetes_validate.validate(item, KUBERNETES, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            expect("." in item["apiVersion"].split("/")[0], f"{manifests.where}: there is no schema of {item['apiVersion']} {item['kind']}")
        except kubernetes_validate.ValidationError as error:
            path = ".".join(str(part) for part in error.path)
            errors.append(f"{manifests.where}: {item['kind']} {item['metadata']['name']}: {path}: {error.message}")


def check_namespace(manifests, namespace):
    for item in manifests.objects:
        name = item["metadata"]["name"] if item["kind"] == "Namespace" else item["metadata"].get("namespace")
        expect(name == namespace, f"{manifests.where}: {item['kind']} {item['metadata']['name']} is not in the namespace {namespace}")


def secrets_of(pod):
    """The secrets that a pod reads, except the certificates of a private authority."""
    spec = pod["spec"]
    for container in spec["containers"] + spec.get("initContainers", []):
        for source in container.get("envFrom", []):
            if "secretRef" in source:
                yield source["secretRef"]["name"]
    for volume in spec.get("volumes", []):
        if "secret" in volume and volume["secret"]["secretName"] != "ev-ca":
            yield volume["secret"]["secretName"]


def check_references(manifests):
    """Everything that a pod needs is applied with it, except the secrets."""
    for own, _, pod in manifests.pods():
        own, spec = f"{manifests.where}: {own}", pod["spec"]
        volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
        needed = [("ServiceAccount", spec["serviceAccountName"])] if "serviceAccountName" in spec else []
        for volume in volumes.values():
            if "configMap" in volume:
                needed.append(("ConfigMap", volume["configMap"]["name"]))
            if "persistentVolumeClaim" in volume:
                needed.append(("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]))
        for container in spec["containers"] + spec.get("initContainers", []):
            needed += [("ConfigMap", source["configMapRef"]["name"]) for source in container.get("envFrom", []) if "configMapRef" in source]
            for mount in container.get("volumeMounts", []):
                expect(mount["name"] in volumes, f"{own} mounts {mount['name']}, which does not exist")
        for kind, name in needed:
            expect(name in manifests.of(kind), f"{own} needs the {kind} {name}, which is not applied with it")


def check_restrictions(manifests):
    """The restricted Pod Security Standard, a read-only file system, and limits."""
    for own, _, pod in manifests.pods():
        own, spec = f"{manifests.where}: {own}", pod["spec"]
        security = spec["securityContext"]
        expect(security.get("runAsNonRoot") is True, f"{own} may run as root")
        expect(security.get("seccompProfile", {}).get("type") == "RuntimeDefault", f"{own} has no seccomp profile")
        expect(spec.get("automountServiceAccountToken") is False, f"{own} mounts a token of the cluster")
        for container in spec["containers"] + spec.get("initContainers", []):
            own_security = container["securityContext"]
            expect(own_security.get("allowPrivilegeEscalation") is False, f"{own} allows privilege escalation")
            expect(own_security.get("capabilities", {}).get("drop") == ["ALL"], f"{own} keeps capabilities")
            expect(own_security.get("readOnlyRootFilesystem") is True, f"{own} has a writable root file system")
            expect("memory" in container["resources"].get("limits", {}), f"{own} has no memory limit")
            expect({"cpu", "memory"} <= set(container["resources"].get("requests", {})), f"{own} requests no CPU or memory")
            tag = container["image"].rpartition("/")[2].partition(":")[2]
            expect(tag not in ("", "latest"), f"{own}: the image {container['image']} has no version")


def check_deployment(manifests, name):
    own, deployment = f"{manifests.where}: {name}", manifests.of("Deployment")[name]
    pod = deployment["spec"]["template"]
    labels = pod["metadata"]["labels"]
    selectors = {
        "its Deployment": deployment["spec"]["selector"]["matchLabels"],
        "its Service": manifests.of("Service")[name]["spec"]["selector"],
        "its disruption budget": manifests.of("PodDisruptionBudget")[name]["spec"]["selector"].get("matchLabels"),
    }
    others = [other["metadata"]["labels"] for _, item, other in manifests.pods() if item is not deployment]
    for what, selector in selectors.items():
        expect(selects(selector, labels), f"{own}: {what} does not select its pods")
        expect(not any(selects(selector, other) for other in others), f"{own}: {what} also selects other pods")
    for constraint in pod["spec"].get("topologySpreadConstraints", []):
        expect(selects(constraint["labelSelector"]["matchLabels"], labels), f"{own}: its topology spread selects other pods")
    spread = {constraint["topologyKey"] for constraint in pod["spec"].get("topologySpreadConstraints", [])}
    expect(spread == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}, f"{own} is not spread over nodes and zones")
    expect(manifests.of("HorizontalPodAutoscaler")[name]["spec"]["scaleTargetRef"]["name"] == name, f"{own}: its autoscaler scales another deployment")
    expect("replicas" not in deployment["spec"], f"{own} sets replicas, which the autoscaler controls")
    for container in pod["spec"]["containers"]:
        ports = {port["name"] for port in container["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if probe in container:
                expect(container[probe]["httpGet"]["port"] in ports, f"{own}: {probe} uses a port that does not exist")


def check_network(manifests):
    for own, _, pod in manifests.pods():
        selected = [policy for policy in manifests.of("NetworkPolicy").values() if selects(policy["spec"]["podSelector"].get("matchLabels"), pod["metadata"]["labels"])]
        expect(selected, f"{manifests.where}: {own} has no network policy of its own")


PII_SERVICES = {"auth", "booking", "compliance", "payout"}


def check_service(manifests, service):
    """One service: its pods hold no right to change the schema, and answer the right probes."""
    name, own = f"ev-{service}", manifests.where
    expect(set(manifests.of("Deployment")) == {name}, f"{own}: not exactly the Deployment {name}")
    pod = manifests.of("Deployment")[name]["spec"]["template"]
    container = pod["spec"]["containers"][0]
    probes = {probe: container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    expected = {"startupProbe": "/health/serving", "livenessProbe": "/health/live", "readinessProbe": "/health/serving"}
    expect(probes == expected, f"{own}: the probes are {probes}")
    startup = container["startupProbe"]
    expect(startup["periodSeconds"] * startup["failureThreshold"] >= 600, f"{own}: a service may take ten minutes to start")
    # With the component pii-keys-file.
    secrets = set(secrets_of(pod)) - ({"ev-pii-keys"} if service in PII_SERVICES else set())
    expect(secrets == {f"{name}-settings"}, f"{own}: the pods read {sorted(secrets_of(pod))}")
    version = container["image"].rpartition(":")[2]
    migration = f"ev-migrate-{service}-{version}"
    expect(migration in manifests.of("Job"), f"{own}: there is no migration {migration}, but {sorted(manifests.of('Job'))}")
    for job in manifests.of("Job").values():
        template = job["spec"]["template"]
        expect(set(secrets_of(template)) == {f"{name}-migrate"}, f"{own}: the migration reads {sorted(secrets_of(template))}")
        expect(template["spec"]["containers"][0]["image"] == container["image"], f"{own}: the migration has another image than the pods")
        # A changed setting must not change a Job that exists.
        settings = [source for part in template["spec"]["containers"] + template["spec"]["initContainers"] for source in part["envFrom"] if "configMapRef" in source]
        expect(not settings, f"{own}: the migration depends on settings, which may change without a new version")
    expect(manifests.of("Service")[name]["spec"].get("clusterIP") == "None", f"{own}: its Service is not headless")


def check_gateway(manifests):
    own = manifests.where
    pod = manifests.of("Deployment")["gateway"]["spec"]["template"]["spec"]
    nginx, console = pod["containers"][0], pod["initContainers"][0]
    environment = {variable["name"]: variable.get("value") for variable in nginx["env"]}
    mounts, written = ({mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]} for container in (nginx, console))
    for name in ("GATEWAY_DOCS", "GATEWAY_CONSOLE"):
        expect(environment.get(name) in mounts, f"{own}: nothing is mounted at {name}")
    console_folder = environment.get("GATEWAY_CONSOLE", "")
    expect(console["args"] == [console_folder], f"{own}: the console is not written to GATEWAY_CONSOLE")
    served = {path: volume for path, volume in mounts.items() if path.startswith(console_folder)}
    expect(written == served, f"{own}: the gateway does not read the volumes that the console writes")
    provided = set(environment) | {key for name, config in manifests.of("ConfigMap").items() if name.startswith("ev-gateway") for key in config["data"]}
    for missing in sorted(template_names(root) - provided - {"NGINX_LOCAL_RESOLVERS"}):
        errors.append(f"{own}: the gateway lacks {missing}")
    ports = {port["name"]: port["port"] for port in manifests.of("Service")["gateway"]["spec"]["ports"]}
    for ingress in manifests.of("Ingress").values():
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                expect(path["backend"]["service"]["port"]["name"] in ports, f"{own}: the ingress uses a port that does not exist")
    for route in manifests.of("HTTPRoute").values():
        for rule in route["spec"]["rules"]:
            for backend in rule.get("backendRefs", []):
                expect((backend["name"], backend["port"]) == ("gateway", ports["http"]), f"{own}: the route uses a port that does not exist")


def check_overlay(manifests):
    environment = manifests.where.removeprefix("overlay-").split("-")[0]
    check_namespace(manifests, f"ev-{environment}")
    expect(set(manifests.of("Deployment")) == {f"ev-{service}" for service in SERVICES} | {"gateway", "graph"}, f"{manifests.where}: not exactly the services, the gateway and the router")
    for name in manifests.of("Deployment"):
        check_deployment(manifests, name)
    for service in SERVICES:
        own = manifests.of_service(service)
        check_service(own, service)
        check_references(own)
    expect(any(name.startswith("ev-topology-") for name in manifests.of("Job")), f"{manifests.where}: nothing declares the topology of the broker")
    expect("ev-reconcile" in manifests.of("CronJob"), f"{manifests.where}: nothing compares the databases")
    deny = [policy for policy in manifests.of("NetworkPolicy").values() if policy["spec"]["podSelector"] == {} and not policy["spec"].get("ingress") and not policy["spec"].get("egress")]
    expect(deny, f"{manifests.where}: no policy denies what no other policy allows")
    for namespace in manifests.of("Namespace").values():
        expect(namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") == "restricted", f"{manifests.where}: the namespace is not restricted")
    expect(manifests.of("Namespace"), f"{manifests.where}: there is no Namespace")
    check_gateway(manifests)


def main():
    files = sorted(folder.glob("*.yaml"))
    expect(len(files) >= len(SERVICES) + 7, "not every manifest was rendered")
    for path in files:
        manifests = read(path)
        if kubernetes_validate:
            check_schemas(manifests)
        check_references(manifests)
        check_restrictions(manifests)
        check_network(manifests)
        if path.stem.startswith("overlay-"):
            check_overlay(manifests)
            continue
        check_namespace(manifests, "ev")
        if path.stem.startswith("service-"):
            service = path.stem.removeprefix("service-")
            check_service(manifests, service)
            check_deployment(manifests, f"ev-{service}")
        elif path.stem == "gateway":
            check_gateway(manifests)
            check_deployment(manifests, "gateway")
    for line in errors:
        print(line)
    sys.exit(1 if errors else 0)


main()
