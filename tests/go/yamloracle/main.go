// Command yamloracle says which images Kubernetes, Helm and others would read in manifests.
//
// Each line of standard input is a JSON string, a stream of manifests; each line of standard output answers one:
// `{"images": […], "readers": 3}`, the images that at least one reader sees, sorted, and how many of the readers read
// the stream to its end. The readers are kubectl's, which divides a stream by lines and reads each part as YAML or
// JSON; Helm's, which divides it by a regular expression; and a decoder of all documents as YAML has them.
//
// An image is a text under `image`, or under `reference` in an `image`, but not in `metadata` or `status`, nor in an
// object that Kubernetes only stores.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"sort"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// separator is the one of helm.sh/helm's releaseutil.SplitManifests.
var separator = regexp.MustCompile(`(?:^|\s*\n)---\s*`)

type answer struct {
	Images  []string `json:"images"`
	Readers int      `json:"readers"`
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println("yamloracle of imagelock's tests")
		return
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			var text string
			if err := json.Unmarshal(line, &text); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			encoded, _ := json.Marshal(read(text))
			out.Write(append(encoded, '\n'))
			out.Flush()
		}
		if err != nil {
			return
		}
	}
}

func read(text string) answer {
	images := map[string]bool{}
	readers := 0
	for _, reader := range []func(string, map[string]bool) error{kubectl, helm, documents} {
		if guarded(reader, text, images) == nil {
			readers++
		}
	}
	sorted := []string{}
	for image := range images {
		sorted = append(sorted, image)
	}
	sort.Strings(sorted)
	return answer{Images: sorted, Readers: readers}
}

// guarded takes a reader that panics for one that refuses: what it would have run is nothing.
func guarded(reader func(string, map[string]bool) error, text string, images map[string]bool) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%v", reason)
		}
	}()
	return reader(text, images)
}

func kubectl(text string, images map[string]bool) error {
	decoder := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		var object interface{}
		err := decoder.Decode(&object)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		document(object, images)
	}
}

func helm(text string, images map[string]bool) error {
	var last error
	for _, part := range separator.Split(text, -1) {
		var object interface{}
		if err := yaml.Unmarshal([]byte(part), &object); err != nil {
			last = err
			continue
		}
		document(object, images)
	}
	return last
}

func documents(text string, images map[string]bool) error {
	decoder := yamlv3.NewDecoder(bytes.NewReader([]byte(text)))
	for {
		var object interface{}
		err := decoder.Decode(&object)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		document(object, images)
	}
}

func document(object interface{}, images map[string]bool) {
	if keys, ok := object.(map[interface{}]interface{}); ok {
		object = named(keys, images)
	}
	if keys, ok := object.(map[string]interface{}); ok {
		// Whatever its kind, an object with items is a list to kubectl and Helm.
		if items, ok := keys["items"].([]interface{}); ok {
			for _, item := range items {
				document(item, images)
			}
			rest := map[string]interface{}{}
			for key, value := range keys {
				if key != "items" {
					rest[key] = value
				}
			}
			walk(rest, "", images)
			return
		}
		kind, _ := keys["kind"].(string)
		version, _ := keys["apiVersion"].(string)
		switch {
		case (kind == "ConfigMap" || kind == "Secret") && version == "v1":
			return
		case kind == "CustomResourceDefinition" && strings.HasPrefix(version, "apiextensions.k8s.io/"):
			return
		}
	}
	walk(object, "", images)
}

// named gives the keys that are texts; what stands under others is looked into.
func named(keys map[interface{}]interface{}, images map[string]bool) map[string]interface{} {
	texts := map[string]interface{}{}
	for key, inside := range keys {
		if key, ok := key.(string); ok {
			texts[key] = inside
		} else {
			walk(inside, "", images)
		}
	}
	return texts
}

func walk(value interface{}, parent string, images map[string]bool) {
	switch value := value.(type) {
	case []interface{}:
		for _, item := range value {
			walk(item, parent, images)
		}
	case map[string]interface{}:
		for key, inside := range value {
			field(key, parent, inside, images)
		}
	case map[interface{}]interface{}:
		for key, inside := range named(value, images) {
			field(key, parent, inside, images)
		}
	}
}

func field(key, parent string, value interface{}, images map[string]bool) {
	if key == "metadata" || key == "status" {
		return
	}
	if image, ok := value.(string); ok {
		if key == "image" || key == "reference" && parent == "image" {
			if image = strings.TrimRight(image, " \t\r\n"); image != "" {
				images[image] = true
			}
		}
		return
	}
	walk(value, key, images)
}
