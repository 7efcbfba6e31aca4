//! The Lambda runtime interface over the standard library: answers each event with its FNV-1a hash.
use std::env;
use std::hash::Hasher;
use std::io::{Read, Write};
use std::net::TcpStream;

fn call(request: &str) -> std::io::Result<(String, String)> {
    let mut stream = TcpStream::connect(env::var("AWS_LAMBDA_RUNTIME_API").expect("AWS_LAMBDA_RUNTIME_API"))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer.as_str(), ""));
    Ok((head.to_string(), body.to_string()))
}

fn main() -> std::io::Result<()> {
    loop {
        let (head, event) = call("GET /2018-06-01/runtime/invocation/next HTTP/1.0\r\n\r\n")?;
        let id = head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("Lambda-Runtime-Aws-Request-Id")))
            .map(|(_, value)| value.to_string())
            .expect("a request id");
        let mut hasher = fnv::FnvHasher::default();
        hasher.write(event.as_bytes());
        let body = format!("\"{:016x}\"", hasher.finish());
        let length = body.len();
        call(&format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}"
        ))?;
    }
}
