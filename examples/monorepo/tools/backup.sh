#!/bin/sh
# Prints the command that makes a backup. A marker pins the image, in any text file.
image="registry.example.com/acme/postgres:16.9-alpine@sha256:111d338bc146a1d0c50d55510c5340ab74248e4b5cb9bb3c5db28da229a3fa68" # imagelock: postgres
echo docker run --rm "$image" pg_dumpall
