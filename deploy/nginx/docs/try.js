"use strict";
// Requests from the reference. The access token is typed once and only in memory: reloading the page forgets it.

let accessToken = "";

function tokenField() {
  const field = $("#token");
  field.addEventListener("input", () => { accessToken = field.value.trim().replace(/^Bearer\s+/i, ""); });
}

function inputOf(parameter) {
  return el("label", { class: "try-field" }, el("code", null, parameter.name),
    el("input", { name: parameter.name, "data-in": parameter.in, autocomplete: "off", required: parameter.in === "path" }));
}

// The fields of the request body: JSON to edit, or a file.
function bodyFields(doc, spec) {
  const kinds = Object.entries((spec.requestBody && spec.requestBody.content) || {});
  if (!kinds.length) return [];
  const [media, { schema }] = kinds[0];
  if (media === "application/json") {
    const text = JSON.stringify(sample(doc, schema), null, 2);
    const area = el("textarea", { name: "body", "data-media": media, rows: Math.min(14, text.split("\n").length + 1), spellcheck: "false" });
    area.value = text;
    return [el("label", { class: "try-field" }, el("code", null, media), area)];
  }
  const fields = media === "multipart/form-data"
    ? Object.keys(resolve(doc, schema || {}).properties || {}).filter((name) => name !== "file")
      .map((name) => el("label", { class: "try-field" }, el("code", null, name), el("input", { name, "data-in": "form" })))
    : [];
  return [...fields, el("label", { class: "try-field" }, el("code", null, media), el("input", { type: "file", name: "file", "data-media": media }))];
}

function bodyOf(form) {
  const area = form.querySelector("textarea[name=body]");
  if (area) return area.value.trim() ? [area.value, area.dataset.media] : [undefined];
  const file = form.querySelector("input[type=file]");
  if (!file || !file.files[0]) return [undefined];
  if (file.dataset.media !== "multipart/form-data") return [file.files[0], file.dataset.media];
  const data = new FormData();
  for (const field of form.querySelectorAll('[data-in="form"]')) if (field.value) data.append(field.name, field.value);
  data.append("file", file.files[0]);
  return [data];
}

function requestOf(operation, form) {
  let path = operation.path;
  const query = new URLSearchParams();
  const headers = { accept: "application/json" };
  for (const field of form.querySelectorAll("input[data-in]")) {
    if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else if (field.dataset.in === "query" && field.value) query.append(field.name, field.value);
    else if (field.dataset.in === "header" && field.value) headers[field.name] = field.value;
  }
  if (accessToken && !operation.open) headers.authorization = `Bearer ${accessToken}`;
  const [body, media] = bodyOf(form);
  if (media) headers["content-type"] = media;
  const text = query.toString();
  return [text ? `${path}?${text}` : path, { method: operation.method.toUpperCase(), headers, body, credentials: "omit", cache: "no-store" }];
}

async function showAnswer(answer, place) {
  const type = answer.headers.get("content-type") || "";
  const head = el("p", null, el("span", { class: "status" }, String(answer.status)), " ", answer.statusText, " ", el("code", null, type || "no body"));
  if (/json/.test(type)) {
    place.replaceChildren(head, el("pre", null, JSON.stringify(await answer.json(), null, 2)));
  } else if (/^text\//.test(type)) {
    place.replaceChildren(head, el("pre", null, await answer.text()));
  } else {
    const file = await answer.blob();
    const link = file.size ? el("a", { href: URL.createObjectURL(file), download: "answer" }, `Save ${file.size} bytes`) : null;
    place.replaceChildren(head, ...(link ? [link] : []));
  }
}

// The form that sends the operation from this page. A stream is opened by other means than a request.
function tryIt(operation) {
  const { doc, spec } = operation;
  if (spec.responses && spec.responses["101"]) return [];
  const parameters = (spec.parameters || []).map((parameter) => resolve(doc, parameter));
  const place = el("div", { class: "try-answer", role: "status" });
  const form = el("form", { class: "try" }, parameters.map(inputOf),
    spec["x-idempotent"] ? inputOf({ name: "Idempotency-Key", in: "header" }) : null, bodyFields(doc, spec),
    el("button", { type: "submit" }, "Send"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!operation.open && !accessToken) {
      place.replaceChildren(el("p", { class: "trouble" }, "Type an access token at the top of the page first."));
      $("#token").focus();
      return;
    }
    try {
      await showAnswer(await fetch(...requestOf(operation, form)), place);
    } catch (error) {
      place.replaceChildren(el("p", { class: "trouble" }, `The request was not answered (${error.message}).`));
    }
  });
  return [el("h3", null, "Try it"), form, place];
}

tokenField();
