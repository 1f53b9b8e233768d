//! What tests of charts share: the charts as they are found in the wild, `tests/charts/` of the repository.
//!
//! A file has the chart's files under lines of `-- PATH --`; `maps` is what `values` of the table says, `expect` is what
//! Kubernetes has to run, a line for each image, or `refused TEXT`, or `warns TEXT`; `overlay` is what is written for it,
//! below its head. `templates/p.yaml` holds containers alone.

/// One chart and what has to become of it.
pub struct Chart {
    /// What it is called.
    pub name: String,
    /// Its files, below the folder `web`.
    pub files: Vec<(String, String)>,
    /// What `values` of the table says.
    pub maps: String,
    /// What Kubernetes has to run, or what is said instead.
    pub expect: Vec<String>,
    /// The overlay below its head, with the names of images in their digests' places.
    pub overlay: String,
}

/// The `Chart.yaml` of a chart that brings none.
pub const ABOUT: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";

/// The head of a pod, to be followed by its containers.
pub const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n";

/// The images of the lock: name, reference, and the digit of the digest.
pub const IMAGES: [(&str, &str, char); 5] = [
    ("web", "ghcr.io/acme/web:1.10", '1'),
    ("db", "postgres:16.9-alpine", '2'),
    ("ing", "registry.k8s.io/ingress-nginx/controller:v1.9.4", '3'),
    ("mir", "mirror.example.com/k8s/ingress-nginx/controller:v1.9.4", '4'),
    ("slim", "ghcr.io/acme/slim:1.9.0-distroless", '5'),
];

/// The text of a chart's file: the head of a pod is put before containers.
pub fn content(path: &str, text: &str) -> String {
    if path.ends_with("p.yaml") { format!("{POD}{text}") } else { text.to_owned() }
}

impl Chart {
    /// Reads a file of the folder.
    pub fn read(name: &str, text: &str) -> Self {
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            match line.strip_prefix("-- ").and_then(|line| line.strip_suffix(" --")) {
                Some(path) => sections.push((path.to_owned(), String::new())),
                None => {
                    if let Some((_, text)) = sections.last_mut() {
                        text.push_str(line);
                        text.push('\n');
                    }
                }
            }
        }
        let mut chart = Self {
            name: name.to_owned(),
            files: Vec::new(),
            maps: String::new(),
            expect: Vec::new(),
            overlay: String::new(),
        };
        for (path, text) in sections {
            match path.as_str() {
                "maps" => text.trim().clone_into(&mut chart.maps),
                "expect" => chart.expect = text.lines().map(str::to_owned).collect(),
                "overlay" => chart.overlay = text,
                _ => chart.files.push((format!("web/{path}"), content(&path, &text))),
            }
        }
        if !chart.files.iter().any(|(path, _)| path == "web/Chart.yaml") {
            chart.files.push(("web/Chart.yaml".to_owned(), ABOUT.to_owned()));
        }
        chart
    }

    /// What the error has to say, where it is refused.
    pub fn refused(&self) -> Option<&str> {
        self.expect.iter().find_map(|line| line.strip_prefix("refused "))
    }

    /// What the warnings have to say.
    pub fn warns(&self) -> Vec<&str> {
        self.expect.iter().filter_map(|line| line.strip_prefix("warns ")).collect()
    }

    /// What Kubernetes has to run, with the names of images in their digests' places.
    pub fn runs(&self) -> Vec<&str> {
        let told = |line: &&String| line.starts_with("refused ") || line.starts_with("warns ");
        self.expect.iter().filter(|line| !told(line)).map(String::as_str).collect()
    }
}
