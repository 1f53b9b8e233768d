# Reads images.lock: jq --argjson questions '[["reference", "postgres", "linux/amd64"]]' -f images_lock.jq images.lock
def keys_known: "base bundle config created dialect digest exclude extends identity images issuer key layout mediaType name path platforms prerelease
  registry repository request revision scheme select signatures size source tag tags version" | [splits("\\s+")];
def manifests: ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
def indexes: ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
def need(holds; reason): if holds then . else error(reason) end;
# `\A` and `\z`, because `$` is in front of a line's end too.
def fits(pattern): type == "string" and test("\\A(" + pattern + ")\\z");
def entry: "[a-z0-9]([a-z0-9._-]*[a-z0-9])?";
def digest: "sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}";
def word: "[a-z0-9]([a-z0-9-]*[a-z0-9])?";
def part: "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*";
def place: "(\\[[0-9a-f:.]+\\]|\(word)(\\.\(word))*)(:[0-9]+)?/\(part)(/\(part))*";
def platform: "(?!unknown/)(?![^/]*/unknown(/|\\z))[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}(/[a-z0-9._-]{1,64})?";
def layout: "(?!/)(?![A-Za-z]:)(?!(.*/)?\\.{0,2}(/|\\z))[^\\\\\\x00-\\x1f\\x7f-\\x{9f}]+";
def asked: "repository tag|digest repository( tag)?|layout( tag)?|(dialect )?(exclude )?(prerelease )?repository(?=.)( scheme)?( select)?( tags)?( version)?";
def object_of(where):
  (keys_known | map(ascii_downcase)) as $alike
  | need(type == "object"; "\(where) is not an object")
  | need(all(keys[]; fits("[A-Za-z]+") and (IN(keys_known[]) or (ascii_downcase | IN($alike[]) | not))); "\(where) has a key of another case");

def check($name):
  "image \($name | tojson):" as $where
  | need($name | fits(entry) and length <= 100; "\($where) is not a name")
  | object_of($where)
  | (.request | object_of("\($where) the request")) as $request
  | need(.platforms | type == "object" and length > 0; "\($where) no platforms")
  | need([.platforms[] | object_of("\($where) a platform")] | all(.digest | fits(digest)); "\($where) the digest of a platform")
  | need(.platforms | all(keys[]; fits(platform)); "\($where) the name of a platform")
  | need(.digest | fits(digest); "\($where) the digest")
  | need((has("tag") | not) or (.tag | fits("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")); "\($where) the tag")
  | ($request | [keys[] | select(IN(keys_known[]) and . != "platforms")] | sort | join(" ")) as $asked
  | need($asked | fits(asked); "\($where) a request for \($asked)")
  # What is locked is an answer to its request.
  | need(if $request | has("layout") then (.layout | fits(layout)) and .layout == $request.layout and (has("registry") or has("repository") | not)
         else $request.repository == "\(.registry)/\(.repository)" and ($request.repository | fits(place)) and (has("layout") | not) end;
         "\($where) is in another place than it was asked for")
  | need(($request | has("digest") | not) or .digest == $request.digest; "\($where) not the digest that was asked for")
  | need(if $asked | test("version|tags|select") then has("tag") else .tag == $request.tag end; "\($where) not the tag that was asked for")
  | need(($request | has("platforms") | not)
         or ($request.platforms | type == "array" and length > 0) and ($request.platforms | sort) == (.platforms | keys | sort);
         "\($where) not the platforms that were asked for")
  | need((.mediaType | IN(manifests[], indexes[])) and all(.platforms[]; .mediaType | IN(manifests[])); "\($where) a media type")
  | [.digest, .mediaType, .size] as $whole
  | [.platforms[] | [.digest, .mediaType, .size]] as $parts
  | need(if .mediaType | IN(manifests[]) then $parts == [$whole] else all($parts[]; .[0] != $whole[0]) end; "\($where) its manifests");

def read:
  need(type == "object" and (.version | type == "number" and . == floor and . > 0); "this is not a lock")
  | need(.version <= 2; "version \(.version) is newer than this reader")
  | object_of("the lock")
  | need(.images | type == "object"; "this lock has no images")
  | .images
  | with_entries(.key as $name | .value |= check($name));

def reference($digest; $tag): if has("registry") and $digest != null then "\(.registry)/\(.repository)\($tag)@\($digest)" else null end;
def parts: . as $image | .digest, .platforms[].digest | . as $digest | $image | reference($digest; "");
def names($what): [to_entries[] | select(any(.value | parts; . == $what)) | .key] | sort;
def answer($question; $what; $platform):
  if $question == "asked" then names($what)
  elif $question == "locked" then names($what) | length > 0
  elif has($what) | not then null
  else .[$what] | (if $platform == null then .digest else .platforms[$platform].digest end) as $digest
    | if $question == "digest" then $digest
      else reference($digest; if $question == "tagged" and has("tag") then ":\(.tag)" else "" end) end
  end;

if length == 1 then .[0] else error("this is not one lock") end
| read as $images
| [$questions[] | . as $question | $images | answer($question[0]; $question[1]; $question[2])]
