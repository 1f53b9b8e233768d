FROM --platform=$BUILDPLATFORM rust:1.82 AS b
FROM --platform=linux/amd64 "debian:12-slim"
