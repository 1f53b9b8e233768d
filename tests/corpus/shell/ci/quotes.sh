#!/bin/bash
# docker run commented:1
IMAGE="${IMAGE:-registry.example.com:5000/größe/../x:1}"
readonly TOOL_IMAGE='ghcr.io/acme/tool:2' # é
echo "é"; docker run --rm -v "$PWD:/work" -e A=b:1 "quay.io/acme/run@sha256:3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d" image:1
sudo -E podman pull -q docker.io/library/busybox:1.36 | tee log
docker build -t acme/built:1 . && docker push acme/built:1
docker run "$TOOL_IMAGE"
echo "docker run text:1"
