//! The description of the interfaces for programs, against the program: every path and method it
//! names is served, and answers look as it says.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fake_http::{App, post_json};
use crate::house::client;

pub async fn description(url: &str) -> Value {
    let answer = client().get(format!("{url}/api/openapi.json")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    answer.json().await.unwrap()
}

/// The schema a reference stands for.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str() {
        Some(to) => document.pointer(to.strip_prefix('#').unwrap()).unwrap_or_else(|| panic!("{to} is not there")),
        None => schema,
    }
}

/// Holds a value against what it is said to be: the kinds, what is required, and that nothing is
/// there of which nothing is said.
pub fn agrees(document: &Value, schema: &Value, value: &Value, at: &str) {
    let schema = resolved(document, schema);
    if let Some(among) = schema["enum"].as_array() {
        assert!(among.contains(value), "{at}: {value} is none of {among:?}");
    }
    let is_kind = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    };
    assert!(is_kind, "{at}: {value} is no {}", schema["type"]);
    for required in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(required.as_str().unwrap()).is_some(), "{at}: {required} is missing in {value}");
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let said = schema["properties"].get(name).unwrap_or_else(|| panic!("{at}: nothing is said of {name}"));
        agrees(document, said, member, &format!("{at}.{name}"));
    }
    for item in value.as_array().into_iter().flatten() {
        agrees(document, &schema["items"], item, &format!("{at}[]"));
    }
}

pub fn schema_of<'d>(document: &'d Value, path: &str, method: &str, status: &str) -> &'d Value {
    &document["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_path_and_method_of_the_description_is_served() {
    let house = App::start().await.house().await;
    let document = description(&house.url).await;
    let mut count = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let address = format!("{}{}", house.url, path.replace("{id}", "0"));
        for method in methods.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let status = client().request(method.clone(), &address).send().await.unwrap().status();
            // There is no file of that name; but there is no page either where nothing is served.
            let served = path.contains("{id}") || status != 404;
            assert!(served && status != 405, "{method} {path}: {status}");
            count += 1;
        }
        let other = client().delete(&address).send().await.unwrap().status();
        assert_eq!(other, 405, "DELETE {path} is not described, and not served");
    }
    assert_eq!(count, 10);
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.iter().all(|to| document.pointer(to.strip_prefix('#').unwrap()).is_some()), "{found:?}");
}

#[tokio::test]
async fn answers_look_as_the_description_says() {
    let house = App::start().await.house().await;
    let document = description(&house.url).await;
    let url = format!("{}/chat/api/messages", house.url);
    let said = json!({ "session": "a-session-of-a-test", "text": "你们太慢了，厨房漏水一直没人管", "id": "1" });
    let answer: Value = client().post(&url).json(&said).send().await.unwrap().json().await.unwrap();
    agrees(&document, schema_of(&document, "/chat/api/messages", "post", "200"), &answer, "say");
    let read = format!("{url}?session=a-session-of-a-test&after=0");
    let history: Value = client().get(read).send().await.unwrap().json().await.unwrap();
    agrees(&document, schema_of(&document, "/chat/api/messages", "get", "200"), &history, "read");
    assert!(history["messages"][0]["keywords"][0]["text"].is_string(), "{history}");
    let refused: Value = client().post(&url).body("x").send().await.unwrap().json().await.unwrap();
    agrees(&document, schema_of(&document, "/chat/api/messages", "post", "400"), &refused, "refused");
    let taken: Value = post_json(&house, "m9", &json!({ "from": "u1", "text": "您好" })).await.json().await.unwrap();
    agrees(&document, schema_of(&document, "/webhooks/http", "post", "200"), &taken, "post");
}
