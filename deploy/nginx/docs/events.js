"use strict";
// The events between the services, from /asyncapi.json.

// The fields of a message, and of the messages in it, as nested lists.
function eventFields(doc, name, open = []) {
  const schema = doc.components.schemas[name];
  if (!schema || open.includes(name)) return null;
  return el("ul", { class: "fields" }, Object.entries(schema.properties).map(([key, property]) => {
    const item = property.type === "array" ? property.items : property;
    const part = item.allOf ? nameOf(item.allOf[0]) : undefined;
    const type = part ? doc.components.schemas[part].title : item.type + (item.format ? ` (${item.format})` : "");
    return el("li", null,
      el("code", { class: "field" }, key), " ", el("span", { class: "type" }, property.type === "array" ? `[${type}]` : type),
      el("span", { class: "hint" }, ` = ${property["x-field-number"]}`),
      property["x-sealed-for"] ? el("span", { class: "need" }, ` encrypted (${property["x-sealed-for"]})`) : null,
      property.description ? el("span", { class: "hint" }, " — " + property.description) : null,
      part ? eventFields(doc, part, [...open, name]) : null);
  }));
}

function describeEvent(doc, channel) {
  const message = doc.components.messages[nameOf(Object.values(channel.messages)[0])];
  const subscribers = channel["x-subscribers"];
  return el("div", { class: "body" },
    el("p", null, message.summary),
    el("p", null, "From ", el("code", null, channel["x-publisher"]), " to ",
      subscribers.length ? subscribers.flatMap((name) => [el("code", null, name), " "]) : "no service"),
    el("h3", null, "Fields"), eventFields(doc, message.name),
    el("h3", null, "Headers"), eventHeaders(doc));
}

function eventHeaders(doc) {
  return el("ul", { class: "fields" }, Object.entries(doc.components.schemas.CloudEvent.properties).map(([key, header]) =>
    el("li", null, el("code", { class: "field" }, key), " ", el("span", { class: "type" }, header.type),
      header.description ? el("span", { class: "hint" }, " — " + header.description) : null)));
}

function eventCard(doc, channel) {
  const id = "event-" + channel.address.replace(/[^A-Za-z0-9]+/g, "-");
  const details = el("details", { class: "op", id },
    el("summary", null, el("span", { class: "method put" }, "EVENT"), el("span", { class: "path" }, channel.address),
      el("span", { class: "who" }, channel["x-publisher"]),
      el("span", { class: "summary" }, doc.components.messages[nameOf(Object.values(channel.messages)[0])].summary)));
  details.addEventListener("toggle", () => {
    if (details.open && !details.querySelector(".body")) details.append(describeEvent(doc, channel));
  });
  const link = el("a", { href: "#" + id, title: channel.address }, el("span", { class: "path" }, channel.address));
  link.addEventListener("click", () => { details.open = true; });
  const text = ["event", channel.address, details.textContent, ...channel["x-subscribers"]].join(" ").toLowerCase();
  return { service: "events", card: details, link, text };
}

// The section and the group of links of all events; both say so when the document cannot be read.
async function loadEvents() {
  const section = el("section", { id: "events", "data-service": "events" }, el("h2", null, "events"));
  const group = el("div", { "data-service": "events" }, el("h2", null, "events"));
  try {
    const answer = await fetch("/asyncapi.json", { headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const doc = await answer.json();
    section.append(el("p", { class: "links" }, doc.info.description + " ", el("a", { href: "/asyncapi.json" }, "asyncapi.json")));
    for (const channel of Object.values(doc.channels)) {
      const event = eventCard(doc, channel);
      section.append(event.card);
      group.append(event.link);
      operations.push(event);
    }
  } catch (error) {
    section.append(el("p", { class: "trouble" }, `The events cannot be shown right now (${error.message}).`));
  }
  return [section, group];
}
