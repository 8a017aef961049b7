# Written by deploy/local/generate.py (make gen); edit that file instead.
#   docker buildx bake            all images, for this machine's platform
#   docker buildx bake ingest     one of them
#   ARGUS_REGISTRY=registry.example.org/argus/ docker buildx bake --push
variable "ARGUS_VERSION" {
  default = "0.4.0"
}

# Ends with a slash; empty: images of this machine alone.
variable "ARGUS_REGISTRY" {
  default = ""
}

variable "PYTHON" {
  default = "python:3.12-slim-bookworm"
}

variable "NODE" {
  default = "node:22-slim"
}

group "default" {
  targets = ["image"]
}

target "image" {
  name       = target
  matrix     = { target = ["auth", "ingest", "catalog", "realtime", "executor", "notifier", "server", "web"] }
  context    = "."
  dockerfile = "deploy/docker/Dockerfile"
  target     = target
  tags       = ["${ARGUS_REGISTRY}argus-${target}:${ARGUS_VERSION}"]
  args       = { PYTHON = PYTHON, NODE = NODE }
  labels = {
    "org.opencontainers.image.title"    = "argus-${target}"
    "org.opencontainers.image.version"  = ARGUS_VERSION
    "org.opencontainers.image.licenses" = "Apache-2.0"
  }
}
