// Reads images.lock: echo '[["reference", "postgres", "linux/amd64"]]' | go run images_lock.go images.lock
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

const manifest, place = `application/vnd\.(oci\.image\.manifest\.v1|docker\.distribution\.manifest\.v2)\+json`, `(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)(:[0-9]+)?(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)+`
const digest, keys = `sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}`, ` base bundle config created dialect digest exclude extends identity images issuer key layout mediaType name path platforms prerelease registry repository request revision scheme select signatures size source tag tags version `

type object = map[string]any // A struct would take `Digest` for `digest`.

func fits(pattern string, text any) bool {
	return regexp.MustCompile(`^string:(` + pattern + `)$`).MatchString(fmt.Sprintf("%T:%v", text, text))
}

func need(holds bool, reason ...any) {
	if !holds {
		log.Fatalln(reason...)
	}
}

func fields(where string, value any) object {
	fields, isObject := value.(object)
	for key := range fields {
		known := strings.Contains(keys, " "+key+" ") || !strings.Contains(strings.ToLower(keys), " "+strings.ToLower(key)+" ")
		need(known && fits("[A-Za-z]+", key), where, "has the key", key)
	}
	need(isObject, where, "is not an object")
	return fields
}

func check(name string, image object) {
	request := fields(name+"'s request", image["request"])
	platforms, _ := image["platforms"].(object)
	has, single := slices.Sorted(maps.Keys(platforms)), fits(manifest, image["mediaType"])
	need(len(has) > 0 && len(name) <= 100 && fits(`[a-z0-9]([a-z0-9._-]*[a-z0-9])?`, name), name, "is no name, or has no platforms")
	need(single && len(has) == 1 || fits(`application/vnd\.(oci\.image\.index\.v1|docker\.distribution\.manifest\.list\.v2)\+json`, image["mediaType"]), name, "has the platforms", has)
	for _, key := range has {
		entry, unknown := fields(key, platforms[key]), fits(`unknown/.*|[^/]*/unknown(/.*)?`, key)
		need(fits(`[a-z0-9._-]{1,64}(/[a-z0-9._-]{1,64}){1,2}`, key) && !unknown && fits(digest, entry["digest"]), name, "has the platform", key)
		same := entry["digest"] == image["digest"] && entry["mediaType"] == image["mediaType"] && entry["size"] == image["size"]
		need(fits(manifest, entry["mediaType"]) && (single && same || !single && entry["digest"] != image["digest"]), name, "has another manifest for", key)
	}
	words := slices.DeleteFunc(strings.Fields(keys), func(key string) bool { return request[key] == nil || key == "platforms" })
	ruled := len(words) > 1 && fits(`(dialect )?(exclude )?(prerelease )?repository( scheme)?( select)?( tags)?( version)?`, strings.Join(words, " "))
	need(ruled || fits(`repository tag|digest repository( tag)?|layout( tag)?`, strings.Join(words, " ")), name, "asks for", words)
	path, in := image["layout"], fmt.Sprint(image["registry"], "/", image["repository"])
	odd := fits(`(.*/)?\.{0,2}(/.*)?|[A-Za-z]:.*|(?s:.*[\\\x00-\x1f\x7f-\x{9f}].*)`, path)
	located := path == nil && request["repository"] == in && fits(place, in)
	need(located || path != nil && request["layout"] == path && !odd && in == "<nil>/<nil>", name, "is in", path, in)
	need(fits(digest, image["digest"]) && (request["digest"] == nil || request["digest"] == image["digest"]), name, "has another digest")
	tagged := fits(`[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`, image["tag"]) || image["tag"] == nil && !ruled
	need(tagged && (ruled || image["tag"] == request["tag"]), name, "has the tag", image["tag"])
	want, _ := request["platforms"].([]any)
	platforms[""] = image // What a question without a platform means.
	need(request["platforms"] == nil || len(want) > 0 && fmt.Sprintf("%q", want) == fmt.Sprintf("%q", has), name, "has other platforms", has)
}

func answer(images object, question [3]string) any {
	answers := object{"asked": []string{}, "locked": false}
	for _, name := range slices.Sorted(maps.Keys(images)) {
		image := images[name].(object)
		for key, part := range image["platforms"].(object) {
			pinned := fmt.Sprint(image["registry"], "/", image["repository"], "@", part.(object)["digest"])
			if image["layout"] == nil && pinned == question[1] {
				answers["locked"], answers["asked"] = true, slices.Compact(append(answers["asked"].([]string), name))
			}
			if name == question[1] && key == question[2] {
				tagged := strings.Replace(pinned, "@", strings.Replace(fmt.Sprint(":", image["tag"], "@"), ":<nil>", "", 1), 1)
				reference := map[bool]object{true: {"reference": pinned, "tagged": tagged}}[image["layout"] == nil]
				answers["digest"], answers["reference"], answers["tagged"] = part.(object)["digest"], reference["reference"], reference["tagged"]
			}
		}
	}
	return answers[question[0]]
}

func main() {
	lock, questions, answers := object{}, [][3]string{}, []any{}
	text, _ := os.ReadFile(os.Args[1])
	need(json.Unmarshal(text, &lock) == nil && slices.Contains([]any{1.0, 2.0}, fields("the lock", lock)["version"]), "this is not a lock of version 1 or 2")
	images, isObject := lock["images"].(object)
	need(isObject && json.NewDecoder(os.Stdin).Decode(&questions) == nil, "there are no images, or nothing is asked")
	for name, entry := range images {
		check(name, fields(name, entry))
	}
	for _, question := range questions {
		answers = append(answers, answer(images, question))
	}
	json.NewEncoder(os.Stdout).Encode(answers)
}
