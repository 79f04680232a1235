//! Files for each bank, and its answers.

use crate::fixture::{Fixture, fixture, fixture_with, payout_body};
use proto_events::platform::v1::StaffActed;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Client, Reply};

/// A batch of payouts of these amounts: its id and theirs.
async fn batch_of(f: &Fixture, amounts: &[&str]) -> (String, Vec<String>) {
    let member = f.member("900000.00").await;
    let mut ids = Vec::new();
    for amount in amounts {
        let id = f.pending(&member, payout_body(amount)).await;
        for approver in [f.as_staff(), f.as_admin()] {
            approver.post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
        }
        ids.push(id);
    }
    let batch = f.as_staff().post_empty("/payout-batches").await.expect(201);
    (batch["id"].as_str().unwrap().to_owned(), ids)
}

async fn upload(client: &Client, path: &str, template: &str, csv: &str) -> Reply {
    let request = client.request(Method::POST, &format!("{path}?template={template}"));
    client.send(request.header("content-type", "text/csv").body(csv.to_owned())).await
}

/// The short reference of a payout in a file.
fn reference(id: &str) -> String {
    id.replace('-', "")[16..].to_uppercase()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bank_gets_its_columns_and_words() {
    let f = fixture_with(&[("BANK_DEBIT_ACCOUNT", "000405001234")]).await;
    let staff = f.as_staff();
    let (batch, ids) = batch_of(&f, &["10000.00", "300000.00"]).await;
    let file =
        async |template: &str| staff.get(&format!("/payout-batches/{batch}/file?template={template}")).await.text;
    let one = reference(&ids[0]);
    // The members of the fixture have accounts at HDFC Bank; their names begin like a formula.
    let hdfc = file("hdfc").await;
    let expected =
        format!("I,,123456784321,9500.00,Asha Rao,,,,,,,,{one},{one},,,,,,,,,10/11/2026,,HDFC0001234,HDFC Bank,,");
    assert_eq!((hdfc.lines().next(), hdfc.lines().count()), (Some(&*expected), 2));
    let icici = file("icici").await;
    let expected = format!(
        "PAB_VENDOR,NEFT,000405001234,Asha Rao,123456784321,HDFC0001234,9500.00,PAYOUT {one},PAYOUT {one},,,{one},\
         10-11-2026,{one},,,,,"
    );
    assert_eq!(icici.lines().nth(1), Some(&*expected));
    // From 200,000 on by RTGS.
    assert!(icici.lines().nth(2).unwrap().starts_with("PAB_VENDOR,RTGS,"), "{icici}");
    assert!(icici.starts_with("PYMT_PROD_TYPE_CODE,PYMT_MODE,DEBIT_ACC_NO,BNF_NAME,"));
    let sbi = file("sbi").await;
    let expected = format!("Asha Rao#123456784321#HDFC0001234#9500.00#NEFT#000405001234#10/11/2026#{one}#PAYOUT {one}");
    assert_eq!(sbi.lines().next(), Some(&*expected));
    let neft = file("neft").await;
    let expected = format!("NEFT,Asha Rao,123456784321,HDFC0001234,9500.00,10/11/2026,{one},PAYOUT {one}");
    assert_eq!(neft.lines().nth(1), Some(&*expected));
    let generic = file("generic").await;
    assert!(generic.contains(&format!("{},'=Asha Rao,123456784321,", ids[0])));
    assert_eq!(generic, staff.get(&format!("/payout-batches/{batch}/file")).await.text);
    let unknown = staff.get(&format!("/payout-batches/{batch}/file?template=other")).await;
    assert_eq!(unknown.problem(422), "payout.template_unknown");
    let details: Vec<String> = f.published::<StaffActed>().await.into_iter().map(|act| act.detail).collect();
    assert!(details.iter().any(|detail| detail == "account numbers were decrypted; template icici"), "{details:?}");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_names_the_companys_account_needs_the_setting() {
    let f = fixture().await;
    let staff = f.as_staff();
    let (batch, _) = batch_of(&f, &["100.00"]).await;
    for template in ["icici", "sbi"] {
        let refused = staff.get(&format!("/payout-batches/{batch}/file?template={template}")).await;
        assert_eq!(refused.problem(409), "payout.debit_account_missing");
    }
    let channels = staff.get("/payout-batches/channels").await.expect(200);
    let available: Vec<(&str, bool)> = channels["templates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| (t["id"].as_str().unwrap(), t["is_available"].as_bool().unwrap()))
        .collect();
    assert_eq!(available, [("generic", true), ("neft", true), ("hdfc", true), ("icici", false), ("sbi", false)]);
    assert_eq!(f.member("1.00").await.client.get("/payout-batches/channels").await.status, 403);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_banks_own_answer_settles_its_payouts_after_a_preview() {
    let f = fixture().await;
    let staff = f.as_staff();
    let (batch, ids) = batch_of(&f, &["100.00", "200.00", "300.00"]).await;
    let path = format!("/payout-batches/{batch}/answer");
    let (one, two, three) = (reference(&ids[0]), reference(&ids[1]).to_lowercase(), reference(&ids[2]));
    let csv = format!(
        "Beneficiary,Cust Ref No,Transaction Status,UTR Number,Reject Reason\n\
         Asha,{one},PROCESSED,HDFCN1,\nAsha,{two},Rejected,,Account closed\nAsha,{three},In Process,,\n"
    );
    let preview = upload(&staff, &format!("{path}/preview"), "hdfc", &csv).await.expect(200);
    assert_eq!((&preview["will_settle"], &preview["errors"]), (&json!(2), &json!(0)));
    let becomes: Vec<&Value> = preview["lines"].as_array().unwrap().iter().map(|line| &line["becomes"]).collect();
    assert_eq!(becomes, ["completed", "failed"], "the third is not decided");
    assert_eq!(upload(&staff, &path, "hdfc", &csv).await.expect(200)["settled"], 2);
    let shown = staff.get(&format!("/payouts/{}", ids[0])).await.expect(200);
    assert_eq!((&shown["status"], &shown["utr"]), (&json!("completed"), &json!("HDFCN1")));
    let shown = staff.get(&format!("/payouts/{}", ids[1])).await.expect(200);
    assert_eq!((&shown["status"], &shown["reason"]), (&json!("failed"), &json!("Account closed")));
    assert_eq!(f.status(&ids[2]).await, "processing");
    // The later answer has all of them: what was applied before changes nothing.
    let later = csv.replace("In Process,,", "Success,HDFCN3,");
    let settled = upload(&staff, &path, "hdfc", &later).await.expect(200);
    assert_eq!(settled, json!({ "settled": 1, "unchanged": 2 }));
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_unknown_words_or_references_is_refused_as_a_whole() {
    let f = fixture().await;
    let staff = f.as_staff();
    let (batch, ids) = batch_of(&f, &["100.00", "200.00"]).await;
    let path = format!("/payout-batches/{batch}/answer");
    let (one, two) = (reference(&ids[0]), reference(&ids[1]));
    let header = "REF_NO,STATUS,UTR_NO,REASON";
    for (line, errors) in [
        (format!("{two},Maybe,U2,"), 1),
        ("0123456789ABCDEF,Success,U2,".to_owned(), 1),
        (format!("{two},Success,,"), 1),
        (format!("{two},Maybe,U2,\n,Success,U2,"), 2),
    ] {
        let csv = format!("{header}\n{one},Success,U1,\n{line}\n");
        for path in [path.clone(), format!("{path}/preview")] {
            let refused = upload(&staff, &path, "icici", &csv).await;
            assert_eq!(refused.body["errors"].as_array().map(Vec::len), Some(errors), "{csv}");
            assert_eq!(refused.body["errors"][0]["field"], "line 3");
            assert_eq!(refused.problem(422), "payout.answer_malformed");
        }
    }
    // The columns of another bank.
    let refused = upload(&staff, &path, "hdfc", &format!("{header}\n{one},Success,U1,\n")).await;
    assert_eq!(refused.problem(422), "payout.answer_malformed");
    assert_eq!(upload(&staff, &path, "nobank", "x").await.problem(422), "payout.template_unknown");
    for id in &ids {
        assert_eq!(f.status(id).await, "processing");
    }
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_own_template_is_offered_and_used() {
    let folder = std::env::temp_dir().join(format!("templates-{}", runtime::id::fresh::<uuid::Uuid>()));
    std::fs::write(
        &folder,
        json!([{
            "id": "co-op", "name": "Cooperative Bank", "has_header": true, "delimiter": ";", "is_plain": true,
            "date_format": "yyyy-mm-dd", "modes": null,
            "columns": [
                { "header": "Acct", "content": "account_number" }, { "header": "IFSC", "content": "ifsc" },
                { "header": "Name", "content": "holder_name", "max_chars": 4 },
                { "header": "Rs", "content": "amount" }, { "header": "Ref", "content": "reference" }
            ],
            "answer": {
                "reference": ["Ref"], "status": ["Result"], "utr": ["Id"], "reason": [], "paid": ["OK"],
                "failed": ["NO"], "pending": []
            }
        }])
        .to_string(),
    )
    .unwrap();
    let f = fixture_with(&[("BANK_FILE_TEMPLATES", folder.to_str().unwrap())]).await;
    std::fs::remove_file(&folder).unwrap();
    let staff = f.as_staff();
    let (batch, ids) = batch_of(&f, &["100.00"]).await;
    let one = reference(&ids[0]);
    let file = staff.get(&format!("/payout-batches/{batch}/file?template=co-op")).await.text;
    assert_eq!(file, format!("Acct;IFSC;Name;Rs;Ref\n123456784321;HDFC0001234;Asha;95.00;{one}\n"));
    let path = format!("/payout-batches/{batch}/answer");
    let answer = format!("Ref;Result;Id\n{one};ok;CB1\n");
    assert_eq!(upload(&staff, &path, "co-op", &answer).await.expect(200)["settled"], 1);
    f.service.finish().await;
}
