//! The platforms people write from, each played by a fake that keeps to its protocol: whole
//! conversations over the network, delivered twice and out of order, with the platform ill or away.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::result_large_err, reason = "a fake's refusal is the response itself")]

mod aiogram;
mod connect;
mod events;
mod fake_http;
mod fake_kf;
mod fake_mail;
mod fake_telegram;
mod fake_wechat;
mod fake_wecom;
mod house;
mod http;
mod import_api;
mod ladder;
mod openapi;
mod python;
mod qr;
mod record;
#[path = "../skipped/mod.rs"]
mod skipped;
mod staff_links;
mod strain;
mod telegram;
mod telegram_setup;
mod telegram_staff;
mod wechat;
mod wechat_files;
mod wechat_load;
mod wechat_notices;
mod wechat_trouble;
mod wechatpy;
mod wecom;
mod wecom_kf;
mod year;
