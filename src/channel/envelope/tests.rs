//! The published test vectors (protocols §5, V1–V18) and what is derived from them to be refused.

use data_encoding::BASE64;

use super::*;

const KA: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const KB: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const KC: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const KD: &str = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR";

/// A push of a platform's or a library's documentation, and what is in it.
struct Vector {
    name: &'static str,
    key: &'static str,
    token: &'static str,
    id: &'static str,
    timestamp: &'static str,
    nonce: &'static str,
    signature: &'static str,
    encrypt: &'static str,
    message: &'static str,
}

impl Vector {
    fn envelope(&self) -> Envelope {
        envelope(self.token, self.key, self.id)
    }

    fn signed(&self) -> Signed<'static> {
        Signed { msg_signature: self.signature, timestamp: self.timestamp, nonce: self.nonce }
    }
}

fn envelope(token: &str, key: &str, id: &str) -> Envelope {
    Envelope::new(&Secret::new(token), &Secret::new(key), None, id).unwrap()
}

fn random(written: &str) -> [u8; 16] {
    written.as_bytes().try_into().unwrap()
}

#[rustfmt::skip]
const PUSHES: &[Vector] = &[
    Vector {
        name: "V3", key: KA, token: "AAAAA", id: "wxba5fad812f8e6fb9",
        timestamp: "1714112445", nonce: "415670741", signature: "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
        encrypt: "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzD\
     pVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2I\
     uQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F\
     9mFUPAJGj04=",
        message: r#"{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}"#,
    },
    Vector {
        name: "V5", key: KB, token: "spamtest", id: "wx2c2769f8efd9abc2",
        timestamp: "1409735669", nonce: "1320562132", signature: "5d197aaffba7e9b25a30732f161a50dee96bd5fa",
        encrypt: "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHF\
     VAFmOD2LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVti\
     cbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpA\
     e+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCum\
     EPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE=",
        message: "<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName>
<FromUserName><![CDATA[oyORnuP8q7ou2gfYjqLzSIWZf0rs]]></FromUserName>
<CreateTime>1409735668</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[abcdteT]]></Content>
<MsgId>6054768590064713728</MsgId>
</xml>",
    },
    Vector {
        name: "V6", key: KB, token: "pamtest", id: "wxb11529c136998cb6",
        timestamp: "1458300676", nonce: "260774613", signature: "4f3ad57b6989f09f4eb392acce4f9e93942ed890",
        encrypt: "rTNFcsut4LfGuAFKEUVVpwcaCOTJzOd9twZdIW910jb3k+iicx2uvhttIZ3Qg9Qgty3BEF2xbOrz6boTfb30dMomcgrkTqdF\
     Pwnhqbk+kIQ7rZiwny9D7NUrTgA5kpX3KsZvrXzUZyP2x9YOlxbgm572lmxKvM7HAQQhIQ/p6HBmoY30bGXFK0BtIu1pW9Tj\
     hOYrLQoU18nWYjWqDA1ynkmOytpv7QRI1P1+0NoxL0q2zO1DgeSvnE8CZGo/o5Ap/WHK5W2RAsinpzN4/LjPnmB6U01I5XCo\
     JoC0GK/yMZycd2Oh8Nq6+wBkC1U85oy0ktOY4nLvsQMLrourmMGdZHuTbqpeJ8Ao/5PRYJ+WBvRUwPfGKBL2+2IKZF49vAJq\
     kcGWSHGE76ZN2erXeuNazf/o9o3lIE3q739o4c8t9QGPe31GT2Go/rOz1BsrASwvauNulCh+++yz+CQzBIuikA==",
        message: "<xml><URL><![CDATA[http://wechat.laravel.so/server]]></URL><ToUserName><![CDATA[asdasdasd]]></ToUserName><FromUserName><![CDATA[asdasdasdsadasd]]></FromUserName><CreateTime>1234567898</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hello]]></Content><MsgId>12345</MsgId></xml>",
    },
    Vector {
        name: "V8", key: KC, token: "QDG6eK", id: "wx5823bf96d3bd56c7",
        timestamp: "1409659589", nonce: "263014780", signature: "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
        encrypt: "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
        message: "1616140317555161061",
    },
    Vector {
        name: "V9", key: KC, token: "QDG6eK", id: "wx5823bf96d3bd56c7",
        timestamp: "1409659813", nonce: "1372623149", signature: "477715d11cdb4164915debcba66cb864d751f3e6",
        encrypt: "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911\
     L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLx\
     AUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9\
     nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/u\
     h9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==",
        message: "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>
<FromUserName><![CDATA[mycreate]]></FromUserName>
<CreateTime>1409659813</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[hello]]></Content>
<MsgId>4561255354251345929</MsgId>
<AgentID>218</AgentID>
</xml>",
    },
    Vector {
        name: "V10", key: KC, token: "QDG6eK", id: "wx5823bf96d3bd56c7",
        timestamp: "1409659813", nonce: "1372623149", signature: "0623cbc5a8cbee5bcc137c70de99575366fc2af3",
        encrypt: "CZWs4CWRpI4VolQlvn4dlEC1alN2MUEY2VklGehgBVLBrlVF7SyT+SV+Toj43l4ayJ9UMGKphktKKmP7B2j/P1ey67XB8PBg\
     S7Wr5/8+w/yWriZv3Vmoo/MH3/1HsIWZrPQ3N2mJrelStIfI2Y8kLKXA7EhfZgZX4o+ffdkZDM76SEl79Ib9mw7TGjZ9Aw/x\
     /A2VjNbV1E8BtEbRxYYcQippYNw7hr8sFfa3nW1xLdxokt8QkRX83vK3DFP2F6TQFPL2Tu98UwhcUpPvdJBuu1/yiOQIScpp\
     V3eOuLWEsko=",
        message: r#"{"ToUserName":"wx5823bf96d3bd56c7","FromUserName":"mycreate","CreateTime": 1409659813,"MsgType":"text","Content":"hello","MsgId":4561255354251345929,"AgentID": 218}"#,
    },
    Vector {
        name: "V11", key: KC, token: "QDG6eK", id: "wx5823bf96d3bd56c7",
        timestamp: "1409659813", nonce: "1372623149", signature: "1f3153b7abd0ba99b4ab2e57fac2376110d03a3c",
        encrypt: "pvXgeha3nZ7UQ2DG3WD3IVsNJR38QVl1+h+wmLQHIAwEG3Jey2aTZtvAWzhEZ9JEKGwIUMBWX3JlUhfo7O7WbvI10vHIsdSN\
     r1nr3LuOwAfnwLJAMQNDxi5tHUl08Op59jxOL73r8+g60KOxMTaFwXzlr9Yxgq5ey5nzNb/2vDjjvDZNXkJVmL/XWnv6PXrV\
     bTpNxphqWRv2BpPYqvwRMkHgdFliatljMVlkkRHS40FOHmtBhj/4RXtIexfDx8opBXwi0L9RTlYNQzGx+FA+74xVHG7Le/pm\
     NDwc2Ri5mbw=",
        message: r#"{ "ToUserName": "wx5823bf96d3bd56c7", "FromUserName": :mycreate", "CreateTime": 1409659813, "MsgType": "text", "Content": "hello", "MsgId": 4561255354251345929, "AgentID": 218}"#,
    },
    Vector {
        name: "V12", key: KD, token: "123456", id: "wx49f0ab532d5d035a",
        timestamp: "1411443780", nonce: "437374425", signature: "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96",
        encrypt: "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==",
        message: "5927782489442352469",
    },
    Vector {
        name: "V14", key: KD, token: "123456", id: "wx49f0ab532d5d035a",
        timestamp: "1411525903", nonce: "461056294", signature: "74d92dfeb87ba7c714f89d98870ae5eb62dff26d",
        encrypt: "RgqEoJj5A4EMYlLvWO1F86ioRjZfaex/gePD0gOXTxpsq5Yj4GNglrBb8I2BAJVODGajiFnXBu7mCPatfjsu6IHCrsTyeDXz\
     F6Bv283dGymzxh6ydJRvZsryDyZbLTE7rhnus50qGPMfp2wASFlzEgMW9z1ef/RD8XzaFYgm7iTdaXpXaG4+BiYyolBug/gY\
     Nx410cvkKR2/nPwBiT+P4hIiOAQqGp/TywZBtDh1yCF2KOd0gpiMZ5jSw3e29mTvmUHzkVQiMS6td7vXUaWOMZnYZlF3So2S\
     jHnwh4jYFxdgpkHHqIrH/54SNdshoQgWYEvccTKe7FS709/5t6NMxuGhcUGAPOQipvWTT4dShyqio7mlsl5noTrb++x6En74\
     9zCpQVhDpbV6GDnTbcX2e8K9QaNWHp91eBdCRxthuL0=",
        message: "<xml><ToUserName><![CDATA[wx49f0ab532d5d035a]]></ToUserName>
<FromUserName><![CDATA[messense]]></FromUserName>
<CreateTime>1411525903</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[test]]></Content>
<MsgId>4363689963896700987</MsgId>
<AgentID>1</AgentID>
</xml>",
    },
];

/// V1, V2, the plain signatures of V3 and V5, V7c, V15–V18.
#[rustfmt::skip]
const SIGNATURES: &[(&str, &[&str], &str)] = &[
    ("V1", &["AAAAA", "1714036504", "1514711492"], "f464b24fc39322e44b38aa78f5edd27bd1441696"),
    ("V2", &["AAAAA", "1714037059", "486452656"], "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
    ("V3", &["AAAAA", "1714112445", "415670741"], "6c5c811b55cc85e0e1b54100749188c20beb3f5d"),
    ("V5b", &["spamtest", "1409735669", "1320562132"], "16120ec1b8dbb870f510d87ce6bc2463eae6ca1a"),
    ("V7c", &["123", "345"], "9f537aeb751ec72605f57f94a2f6dc3e3958e1dd"),
    ("V15", &["test", "1410685589", "test"], "f21891de399b4e33a1a93c9a7b8a8fffb5a443ff"),
    ("V16", &["a", "b", "c"], "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("V17", &["789", "456", "123"], "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
    ("V18", &["ovAkP0Tb", "1628737717", "1811081856", V18], "8128e41a38892d814e4aa67753425da9dc8ec2b3"),
];

#[rustfmt::skip]
const V18: &str =
    "Q/jUxIL3/jRaFeTKesIr1QSq2SOEApDqlzcRrRM6Jlk4EbMBns3plPOR/W3gThOEq+zYI42fNSoIUb3cQwt9zyD1aLU/7D3W\
     NLute7LQ9LSHjZEfVmx5zcIR9zvrUWGjhe1whTPH4e1WR6vbOYs8o/bDRF0vX/NcE4XK7P83Y6CzQiJoKbjVCne84s0zcw5e\
     h+ZUDB55eaDHPSoS7kAC8kB00pfBoDF0jyfc8CUKLW97e72vJGyUWjZ0BvYN+R+tFjMgEzg/EN1imuuFnf40DMAcvB6y+C97\
     TuaWjpgfRdowGWzn10JAFNukRfQqjdA0e2bfczJ7+t9w/t8/XSMADJOt1xbnP+I5cRX/r7ueBGmG/6ejP3myO9yTXHdujGvw\
     rXHuWw+J7qD4VoUVjbm2vQ1qQKbrweKssr6O+3XSbanZ5R3n26EpN/gfgX+r6rcGViqsFop9Ai9xMnfJUubB6Q==";

#[rustfmt::skip]
const V7B_MESSAGE: &str = "<xml><ToUserName><![CDATA[oia2Tj我是中文jewbmiOUlr6X-1crbLOvLw]]></ToUserName><FromUserName><![CDATA[gh_7f083739789a]]></FromUserName><CreateTime>1407743423</CreateTime><MsgType><![CDATA[video]]></MsgType><Video><MediaId><![CDATA[eYJ1MbwPRJtOvIEabaxHs7TX2D-HV71s79GUxqdUkjm6Gs2Ed1KF3ulAOA9H1xG0]]></MediaId><Title><![CDATA[testCallBackReplyVideo]]></Title><Description><![CDATA[testCallBackReplyVideo]]></Description></Video></xml>";

#[rustfmt::skip]
const V7B: &str =
    "jn1L23DB+6ELqJ+6bruv23M2GmYfkv0xBh2h+XTBOKVKcgDFHle6gqcZ1cZrk3e1qjPQ1F4RsLWzQRG9udbKWesxlkupqcEc\
     W7ZQweImX9+wLMa0GaUzpkycA8+IamDBxn5loLgZpnS7fVAbExOkK5DYHBmv5tptA9tklE/fTIILHR8HLXa5nQvFb3tYPKAl\
     HF3rtTeayNf0QuM+UW/wM9enGIDIJHF7CLHiDNAYxr+r+OrJCmPQyTy8cVWlu9iSvOHPT/77bZqJucQHQ04sq7KZI27OcqpQ\
     NSto2OdHCoTccjggX5Z9Mma0nMJBU+jLKJ38YB1fBIz+vBzsYjrTmFQ44YfeEuZ+xRTQwr92vhA9OxchWVINGC50qE/6lmkw\
     WTwGX9wtQpsJKhP+oS7rvTY8+VdzETdfakjkwQ5/Xka042OlUb1/slTwo4RscuQ+RdxSGvDahxAJ6+EAjLt9d8igHngxIbf6\
     YyqqROxuxqIeIch3CssH/LqRs+iAcILvApYZckqmA7FNERspKA5f8GoJ9sv8xmGvZ9Yrf57cExWtnX8aCMMaBropU/1k+hKP\
     5LVdzbWCG0hGwx/dQudYR/eXp3P0XxjlFiy+9DMlaFExWUZQDajPkdPrEeOwofJb";

#[rustfmt::skip]
const V13_MESSAGE: &str = "<xml>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[test]]></Content>\n<FromUserName><![CDATA[wx49f0ab532d5d035a]]></FromUserName>\n<ToUserName><![CDATA[messense]]></ToUserName>\n<AgentID>1</AgentID>\n<CreateTime>1411525903</CreateTime>\n</xml>";

#[rustfmt::skip]
const V13: &str =
    "9s4gMv99m88kKTh/H8IdkOiMg6bisoy3ypwy9H4hvSPe9nsGaqyw5hhSjdYbcrKk+j3nba4HMOTzHrluLBYqxgNcBqGsL8Gq\
     xlhZgURnAtObvesEl5nZ+uBE8bviY0LWke8Zy9V/QYKxNV2FqllNXcfmstttyIkMKCCmVbCFM2JTF5wY0nFhHZSjPUL2Q1qv\
     SUCUld+/WIXrx0oyKQmpB6o8NRrrNrsDf03oxI1p9FxUgMnwKKZeOA/uu+2IEvEBtb7muXsVbwbgX05UPPJvFurDXafG0RQy\
     PR+mf1nDnAtQmmNOuiR5MIkdQ39xn1vWwi1O5oazPoQJz0nTYjxxEE8kv3kFxtAGVRe3ypD3WeK2XeFYFMNMpatF9XiKzHo3";

#[test]
fn signatures_are_those_of_the_platforms() {
    for (name, parts, expected) in SIGNATURES {
        assert_eq!(&signature(parts), expected, "{name}");
        assert!(is_signature(parts, expected), "{name}");
        assert!(!is_signature(parts, &expected.to_uppercase()), "{name}: the platform writes lower case");
        assert!(!is_signature(parts, &expected[..39]) && !is_signature(parts, ""), "{name}");
    }
}

#[test]
fn published_pushes_are_opened() {
    for vector in PUSHES {
        let opened = vector.envelope().open(vector.signed(), vector.encrypt);
        let expected = Opened { message: vector.message.to_owned(), key: KeyUsed::Current };
        assert_eq!(opened, Ok(expected), "{}", vector.name);
    }
}

#[test]
fn published_answers_are_sealed_to_the_byte() {
    let v4 = envelope("AAAAA", KA, "wxba5fad812f8e6fb9");
    let v4 = v4.seal(
        KeyUsed::Current,
        r#"{"demo_resp":"good luck"}"#,
        "1713424427",
        "415670741",
        random("707722b803182950"),
    );
    insta::assert_snapshot!(v4.to_xml(), @r"
    <xml>
    <Encrypt><![CDATA[ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==]]></Encrypt>
    <MsgSignature><![CDATA[1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1]]></MsgSignature>
    <TimeStamp>1713424427</TimeStamp>
    <Nonce><![CDATA[415670741]]></Nonce>
    </xml>
    ");
    let v7 = envelope("any", KB, "wxb11529c136998cb6");
    let sealed = |message| v7.seal(KeyUsed::Current, message, "1", "2", random("aaaabbbbccccdddd")).encrypt;
    assert_eq!(
        sealed("我是中文abcd123"),
        "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
    );
    assert_eq!(sealed(V7B_MESSAGE), V7B);
    let v13 = envelope("123456", KD, "wx49f0ab532d5d035a");
    let v13 = v13.seal(KeyUsed::Current, V13_MESSAGE, "1411525903", "461056294", random("1234567890123456"));
    assert_eq!(v13.encrypt, V13);
    assert_eq!(v13.signature, "407518b7649e86ef23978113f92d27afa9296533");
}

#[test]
fn a_message_of_any_length_comes_back_as_it_was() {
    let envelope = envelope("token", KB, "wx1");
    for length in 0..=70 {
        let message = "字".repeat(length) + &"x".repeat(length % 3);
        let sealed = envelope.seal(KeyUsed::Current, &message, "1", "2", super::random().unwrap());
        assert!(BASE64.decode(sealed.encrypt.as_bytes()).unwrap().len().is_multiple_of(32));
        let signed = Signed { msg_signature: &sealed.signature, timestamp: "1", nonce: "2" };
        assert_eq!(envelope.open(signed, &sealed.encrypt).unwrap().message, message);
    }
}

#[test]
fn after_a_change_of_keys_the_previous_one_still_opens_and_answers() {
    let (old, new) = (Secret::new(KB), Secret::new(KC));
    let token = Secret::new("token");
    let before = Envelope::new(&token, &old, None, "wx1").unwrap();
    let after = Envelope::new(&token, &new, Some(&old), "wx1").unwrap();
    let sealed = before.seal(KeyUsed::Current, "hello", "1", "2", [7; 16]);
    let signed = Signed { msg_signature: &sealed.signature, timestamp: "1", nonce: "2" };
    let opened = after.open(signed, &sealed.encrypt).unwrap();
    assert_eq!(opened, Opened { message: "hello".to_owned(), key: KeyUsed::Previous });
    let answer = after.seal(opened.key, "hi", "3", "4", [9; 16]);
    let signed = Signed { msg_signature: &answer.signature, timestamp: "3", nonce: "4" };
    assert_eq!(before.open(signed, &answer.encrypt).unwrap().message, "hi");
    let never = Envelope::new(&token, &new, None, "wx1").unwrap();
    assert_eq!(never.open(Signed { msg_signature: &sealed.signature, ..signed }, &sealed.encrypt), Err(Refused));
}

#[test]
fn a_push_that_was_touched_is_refused() {
    for vector in PUSHES {
        let (envelope, signed, encrypt) = (vector.envelope(), vector.signed(), vector.encrypt);
        let refused = |signed: Signed<'_>, encrypt: &str| assert_eq!(envelope.open(signed, encrypt), Err(Refused));
        let mut flipped = encrypt.as_bytes().to_vec();
        flipped[10] ^= 1;
        refused(signed, std::str::from_utf8(&flipped).unwrap());
        refused(Signed { nonce: "0", ..signed }, encrypt);
        refused(Signed { timestamp: "0", ..signed }, encrypt);
        // The signature over the URL alone does not stand in for the one over the text.
        let plain = signature(&[vector.token, vector.timestamp, vector.nonce]);
        refused(Signed { msg_signature: &plain, ..signed }, encrypt);
        refused(Signed { msg_signature: &vector.signature.to_uppercase(), ..signed }, encrypt);
        refused(Signed { msg_signature: "", ..signed }, encrypt);
    }
}

/// Signs whatever text with the token `token` and has it opened with the key KB for `wx1`.
fn opened(encrypt: &str) -> Result<Opened, Refused> {
    let signature = signature(&["token", "1", "2", encrypt]);
    envelope("token", KB, "wx1").open(Signed { msg_signature: &signature, timestamp: "1", nonce: "2" }, encrypt)
}

#[test]
fn a_text_that_is_signed_but_not_whole_is_refused() {
    let sealed = envelope("token", KB, "wx1").seal(KeyUsed::Current, "hello, hello, hello", "1", "2", [7; 16]);
    assert!(opened(&sealed.encrypt).is_ok());
    let bytes = BASE64.decode(sealed.encrypt.as_bytes()).unwrap();
    for cut in [1, 16, 32, bytes.len()] {
        assert_eq!(opened(&BASE64.encode(&bytes[..bytes.len() - cut])), Err(Refused), "without the last {cut} bytes");
    }
    for bit in [0, 200, bytes.len() * 8 - 1] {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(opened(&BASE64.encode(&flipped)), Err(Refused), "bit {bit}");
    }
    assert_eq!(opened(""), Err(Refused));
    assert_eq!(opened("not base64!"), Err(Refused));
}

#[test]
fn a_push_for_another_account_is_refused() {
    for id in ["wx2", "", "wx1 ", "wx"] {
        let sealed = envelope("token", KB, id).seal(KeyUsed::Current, "hello", "1", "2", [7; 16]);
        assert_eq!(opened(&sealed.encrypt), Err(Refused), "{id:?}");
    }
}

#[test]
fn keys_are_read_as_the_console_shows_them() {
    let fault = |token: &str, key: &str| {
        Envelope::new(&Secret::new(token), &Secret::new(key), None, "wx1").map(drop).unwrap_err()
    };
    assert_eq!(fault("", KB), KeyFault::NoToken);
    assert_eq!(fault("t", "short"), KeyFault::Length(5));
    assert_eq!(fault("t", &format!("{KB}=")), KeyFault::Length(44));
    assert_eq!(fault("t", &KB.replace('a', "-")), KeyFault::Character);
    let shown = format!("{:?}", envelope("hush", KB, "wx1"));
    assert!(!shown.contains("hush") && !shown.contains(KB), "{shown}");
}
