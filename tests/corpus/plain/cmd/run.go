package main

// imagelock: web
const image = "ghcr.io/acme/web:1"

var args = []string{"run", "--image=ghcr.io/acme/tool:2"} // imagelock: tool
var größe = "é" + `busybox:1.36` /* imagelock: busybox */
