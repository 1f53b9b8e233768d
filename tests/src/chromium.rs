//! A headless Chromium, spoken to by its DevTools protocol through two pipes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::Utf8Path;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A browser with one page, which ends when it is dropped.
pub struct Chromium {
    child: Child,
    to: std::fs::File,
    from: BufReader<std::fs::File>,
    calls: u64,
    session: Option<String>,
    events: Vec<Value>,
    _folder: TempDir,
}

/// What the browser may not do by itself.
const QUIET: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
];

impl Chromium {
    /// Starts the browser with an empty page.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start(program: &Utf8Path) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let made = Command::new("mkfifo").args(["in", "out"]).current_dir(&folder).status().expect("mkfifo starts");
        assert!(made.success(), "no pipes can be made");
        // The protocol reads the third and writes the fourth stream of the process.
        let child = Command::new("/bin/sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<in 4>out", program.as_str()])
            .args(QUIET)
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let to = std::fs::File::options().write(true).open(folder.path().join("in")).expect("the pipe is there");
        let from = std::fs::File::open(folder.path().join("out")).expect("the pipe is there");
        let from = BufReader::new(from);
        let mut browser = Self { child, to, from, calls: 0, session: None, events: Vec::new(), _folder: folder };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", &attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Calls a method of the protocol and returns its result.
    ///
    /// # Panics
    ///
    /// When the browser has ended, or refuses.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let sent = self.to.write_all(format!("{message}\0").as_bytes());
        sent.expect("the browser listens");
        loop {
            let message = self.next();
            if message["id"] == json!(self.calls) {
                assert!(message.get("error").is_none(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn next(&mut self) -> Value {
        let mut message = Vec::new();
        self.from.read_until(0, &mut message).expect("the browser speaks");
        assert_eq!(message.pop(), Some(0), "the browser has ended");
        serde_json::from_slice(&message).expect("the protocol is JSON")
    }

    /// Opens a page and waits until it is loaded.
    pub fn open(&mut self, url: &str) {
        self.events.clear();
        self.call("Page.navigate", &json!({ "url": url }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.next();
            self.events.push(event);
        }
    }

    /// The value of an expression in the page.
    ///
    /// # Panics
    ///
    /// When it throws.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        let ask = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", &ask);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Gives the window a size.
    pub fn resize(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// A picture of the window, as PNG.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn picture(&mut self) -> Vec<u8> {
        let answer = self.call("Page.captureScreenshot", &json!({ "format": "png" }));
        STANDARD.decode(answer["data"].as_str().unwrap_or_default()).expect("a picture is base64")
    }

    /// What was asked of anybody since the page was opened, its own file included.
    pub fn requests(&self) -> Vec<String> {
        let sent = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        sent.filter_map(|event| event["params"]["request"]["url"].as_str()).map(str::to_owned).collect()
    }

    /// What the console of the page says: errors, warnings, what a policy kept from running.
    pub fn complaints(&self) -> Vec<String> {
        let told = ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"];
        let told = self.events.iter().filter(|event| told.iter().any(|method| event["method"] == *method));
        told.map(ToString::to_string).collect()
    }

    /// The role and the name of everything that people act on, as assistive programs are told it.
    pub fn controls(&mut self) -> Vec<(String, String)> {
        let tree = self.call("Accessibility.getFullAXTree", &json!({}));
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
        let nodes = tree["nodes"].as_array().cloned().unwrap_or_default();
        let roles = ["button", "link", "searchbox", "textbox"];
        let controls = nodes.iter().filter(|node| node["ignored"] != json!(true));
        let controls = controls.map(|node| (text(&node["role"]), text(&node["name"])));
        controls.filter(|(role, _)| roles.contains(&role.as_str())).collect()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
