// Reads images.lock: echo '[["reference", "postgres", "linux/amd64"]]' | go run images_lock.go images.lock
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

const (
	manifest = `application/vnd\.(oci\.image\.manifest\.v1|docker\.distribution\.manifest\.v2)\+json`
	index    = `application/vnd\.(oci\.image\.index\.v1|docker\.distribution\.manifest\.list\.v2)\+json`
	label    = `[a-z0-9]([a-z0-9-]*[a-z0-9])?`
	part     = `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
	place    = `(\[[0-9a-f:.]+\]|` + label + `(\.` + label + `)*)(:[0-9]+)?/` + part + `(/` + part + `)*`
	digest   = `sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}`
	keys     = ` base config created digest images layout mediaType name platforms registry repository request revision select size source tag tags version `
)

type object = map[string]any // A struct would take `Digest` for `digest`.

func fits(pattern string, text any) bool {
	return regexp.MustCompile(`^string:(` + pattern + `)$`).MatchString(fmt.Sprintf("%T:%v", text, text))
}

func need(holds bool, reason ...any) {
	if !holds {
		fmt.Fprintln(os.Stderr, append([]any{os.Args[1]}, reason...)...)
		os.Exit(1)
	}
}

func fields(where string, value any) object {
	fields, isObject := value.(object)
	need(isObject, where, "is not an object")
	for key := range fields {
		known := strings.Contains(keys, " "+key+" ") || !strings.Contains(strings.ToLower(keys), " "+strings.ToLower(key)+" ")
		need(known && fits("[A-Za-z]+", key), where, "has the key", key)
	}
	return fields
}

func check(name string, image, request object) {
	platforms, isObject := image["platforms"].(object)
	has, single := slices.Sorted(maps.Keys(platforms)), fits(manifest, image["mediaType"])
	need(fits(`[a-z0-9]([a-z0-9._-]*[a-z0-9])?`, name) && len(name) <= 100, name, "is not a name")
	need(isObject && (single && len(has) == 1 || fits(index, image["mediaType"])), name, "has the platforms", has)
	for _, key := range has {
		entry, unknown := fields(key, platforms[key]), fits(`unknown/.*|[^/]*/unknown(/.*)?`, key)
		need(fits(`[a-z0-9._-]{1,64}(/[a-z0-9._-]{1,64}){1,2}`, key) && !unknown, name, "has the platform", key)
		need(fits(digest, entry["digest"]) && fits(manifest, entry["mediaType"]), name, "has no manifest for", key)
		same := entry["digest"] == image["digest"] && entry["mediaType"] == image["mediaType"] && entry["size"] == image["size"]
		need(single && same || !single && entry["digest"] != image["digest"], name, "has another manifest for", key)
	}
	words := slices.DeleteFunc(strings.Fields(keys), func(key string) bool { return request[key] == nil || key == "platforms" })
	asked := strings.Join(words, " ")
	ruled := fits(`repository( select)?( tags)?( version)?`, asked) && asked != "repository"
	need(ruled || fits(`repository tag|digest repository( tag)?|layout( tag)?`, asked), name, "asks for", asked)
	in := fmt.Sprint(image["registry"], "/", image["repository"])
	if path := image["layout"]; path != nil {
		odd := fits(`(.*/)?\.{0,2}(/.*)?|[A-Za-z]:.*|(?s:.*[\\\x00-\x1f\x7f-\x{9f}].*)`, path)
		need(request["layout"] == path && !odd && in == "<nil>/<nil>", name, "is in", path)
	} else {
		need(request["repository"] == in && fits(place, in), name, "is in", in)
	}
	need(fits(digest, image["digest"]) && (request["digest"] == nil || request["digest"] == image["digest"]), name, "has another digest")
	need(ruled && image["tag"] != nil || !ruled && image["tag"] == request["tag"], name, "has another tag", image["tag"])
	need(image["tag"] == nil || fits(`[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`, image["tag"]), name, "has the tag", image["tag"])
	want, _ := request["platforms"].([]any)
	slices.SortFunc(want, func(one, other any) int { return strings.Compare(fmt.Sprint(one), fmt.Sprint(other)) })
	need(request["platforms"] == nil || len(want) > 0 && fmt.Sprint(want) == fmt.Sprint(has), name, "has other platforms", has)
}

func answer(images object, question [3]string) any {
	names, answers := []string{}, object{}
	for _, name := range slices.Sorted(maps.Keys(images)) {
		image := images[name].(object)
		parts := maps.Clone(image["platforms"].(object))
		parts[""] = image
		for key, part := range parts {
			reference := fmt.Sprint(image["registry"], "/", image["repository"], "@", part.(object)["digest"])
			tag := strings.TrimSuffix(fmt.Sprint(":", image["tag"]), ":<nil>")
			if image["layout"] == nil && reference == question[1] {
				names = append(names, name)
			}
			if name == question[1] && key == question[2] {
				answers["digest"] = part.(object)["digest"]
			}
			if name == question[1] && key == question[2] && image["layout"] == nil {
				answers["reference"], answers["tagged"] = reference, strings.Replace(reference, "@", tag+"@", 1)
			}
		}
	}
	answers["locked"], answers["asked"] = len(names) > 0, slices.Compact(names)
	return answers[question[0]]
}

func main() {
	lock, questions, answers := object{}, [][3]string{}, []any{}
	text, _ := os.ReadFile(os.Args[1])
	need(json.Unmarshal(text, &lock) == nil && fields("the lock", lock)["version"] == 1.0, "is not a lock of version 1")
	images, isObject := lock["images"].(object)
	need(isObject && json.NewDecoder(os.Stdin).Decode(&questions) == nil, "has no images, or nothing is asked")
	for name, entry := range images {
		image := fields(name, entry)
		check(name, image, fields(name, image["request"]))
	}
	for _, question := range questions {
		answers = append(answers, answer(images, question))
	}
	json.NewEncoder(os.Stdout).Encode(answers)
}
