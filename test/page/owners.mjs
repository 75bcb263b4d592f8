// owners.mjs WORLD - the page as owners see it: of a mailbox, of domains; and what a refused sender sees, without a login.
import assert from "node:assert/strict";
import { PHONE, run, visit } from "./drive.mjs";
import { mail, say } from "./smtp.mjs";

const world = JSON.parse(process.argv[2]);

async function enter(v, page, user) {
	await page.goto(world.base);
	await page.locator("#user").fill(user);
	await page.locator("#password").fill(world.password);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.locator(".account-button").waitFor();
	await v.settled();
}

async function guarded(v, page) {
	v.expected = /401/;
	await v.open(`#/search?q=${world.you}`);
	assert.equal(await v.text("#heading"), "Sign in", "nothing is shown to nobody");
	assert.equal(await page.locator("nav a").count(), 0);
	await v.accessible("the way in");
	await page.fill("#user", world.you);
	await page.fill("#password", "a wrong one");
	await page.keyboard.press("Enter");
	await page.waitForFunction(() => document.querySelector("#login-wrong").innerText.length > 10);
	await page.fill("#password", world.password);
	await page.keyboard.press("Enter");
	await v.says("2 messages");
	assert.match(page.url(), new RegExp(world.you), "the way in leads to where one wanted to go");
	await page.getByRole("button", { name: "Account" }).click();
	await page.getByRole("button", { name: "Sign out" }).click();
	await page.locator("#user").waitFor();
	assert.equal((await page.context().cookies()).length, 0, "the cookie is gone");
}

/* A link that names another's mail leads to one's own, and the page goes on. */
async function foreignLink(v, page) {
	await enter(v, page, world.you);
	await v.open(`#/search?q=${encodeURIComponent(`to:${world.you}`)}&scope=example.com`);
	await v.says(world.you, ".row-who");
	assert.equal(await v.text(".account-name"), world.you);
}

async function mailbox(v, page) {
	await enter(v, page, world.you);
	assert.deepEqual(await page.locator("nav a").allInnerTexts(), ["Search", "Refused", "Overview", "Live", "Explain"]);
	await page.fill("#question", "on:\"last week\"");
	await page.keyboard.press("Enter");
	await v.says("message");
	await v.settled();
	const rows = await page.locator(".row-who").allInnerTexts();
	assert.equal(rows.length, 2);
	assert.match(await page.locator(".searched").textContent(), /Addresses of others are masked/);
	assert.ok(rows.every((r) => r.includes(world.you)), rows.join("\n"));
	assert.equal((await v.text()).includes(world.stranger), false, "mail of others is not there");
	await v.open("#/overview", ".tile");
	await v.open("#/queue");
	await v.open("#/live");
	await v.says("Live", ".live-state");
	await mail(world.port, "live@partner.example", world.you);
	await v.says("l***e@partner.example"); // others are masked for owners
}

/* Refused, allowed on the page, sent again, taken; no longer allowed, refused again. */
async function allow(v, page) {
	const reply = () => say(world.port, ["EHLO client.test", "MAIL FROM:<refused@shop.example>", `RCPT TO:<${world.you}>`, "QUIT"], world.unnamed, 3);
	await enter(v, page, world.you);
	await page.locator("nav a", { hasText: "Refused" }).click();
	await v.says("Refused for you");
	await v.settled();
	await v.accessible("what was refused");
	const row = page.locator(".refused-row", { hasText: "refused@shop.example" }).first();
	assert.match(await row.innerText(), /no reverse DNS name/);
	await row.locator("summary").click();
	assert.match(await row.innerText(), /The sender[^]*publishes a reverse DNS[^]*554/, "what to do, and what was said");
	await v.says("Senders are shown in full here");
	await row.getByRole("button").click();
	assert.match(await v.text("dialog"), new RegExp(`Whose mail to ${world.you}`));
	await v.accessible("the question whether to allow");
	await page.locator("dialog").getByRole("button", { name: "Allow" }).click();
	await v.says("Allowed senders");
	assert.match(await v.text(".allowed"), /refused@shop\.example/);
	assert.match(await reply(), /^250/, "he is heard now");
	assert.match(await row.innerText(), /allowed now/, "nobody is asked twice");
	await v.accessible("who is allowed");
	await page.locator(".allowed").getByRole("button", { name: "Remove" }).click();
	await page.locator(".allowed").waitFor({ state: "detached" });
	await row.getByRole("button").waitFor();
	assert.match(await reply(), /^554/, "and not any more");
}

async function digest(v, page) {
	await enter(v, page, world.you);
	await page.getByRole("button", { name: "Account" }).click();
	const box = page.getByRole("checkbox");
	await box.waitFor();
	assert.equal(await box.isChecked(), false);
	await box.check();
	await page.waitForFunction(() => document.body.innerText.includes("The weekly mail is on"));
	await v.accessible("the account of an owner");
	await page.goto(`${world.base}#/account`); // where the letter itself leads to
	await page.reload();
	await box.waitFor();
	assert.equal(await box.isChecked(), true);
	await box.uncheck();
}

/* A link that names one of several domains still does after the login that it leads to. */
async function linkOfADomain(v, page) {
	await v.open("#/search?q=to%3Aother.example&scope=other.example");
	await page.locator("#user").fill(world.owner);
	await page.locator("#password").fill(world.password);
	await page.keyboard.press("Enter");
	await v.says("someone@other.example");
	assert.equal(await v.text(".account-name"), "other.example");
}

async function domains(v, page) {
	await enter(v, page, world.owner);
	assert.equal(await v.text(".account-name"), "example.com", "whose mail is shown");
	await page.goto(`${world.base}#/search?q=${encodeURIComponent("on:\"last week\"")}`);
	await v.says(world.you);
	assert.equal((await v.text()).includes("someone@other.example"), false, "one domain at a time");
	await page.getByRole("button", { name: "Account" }).click();
	assert.deepEqual(await page.locator("#whose option").allInnerTexts(), ["example.com", "other.example", world.owner]);
	await page.selectOption("#whose", "other.example");
	await v.says("someone@other.example");
	await v.accessible("a domain's owner");
	await v.open("#/queue");
	await v.settled();
	assert.equal(await page.locator(".queue-acts").count(), 0, "owners see, administrators act");
	await v.open("#/refused");
	await v.says("Refused for your domains");
}

async function why(v, page) {
	await page.goto(world.why);
	const text = await page.locator("main").innerText();
	assert.match(text, /no reverse DNS name/);
	assert.match(text, /refused@shop\.example/);
	assert.equal(text.includes(world.stranger), false);
	await v.accessible("why a mail was refused");
	v.expected = /404/;
	await page.goto(`${world.why.slice(0, -4)}AAAA`);
	await v.accessible("a link that is none");
}

function on(how, act) {
	return (browser) => visit(browser, world.base, how, act);
}

await run([
	["nobody comes in without a password", on({}, guarded)],
	["a mailbox", on({ screen: PHONE }, mailbox)],
	["a link that was meant for another", on({}, foreignLink)],
	["allow a sender", on({}, allow)],
	["the weekly mail", on({ scheme: "dark" }, digest)],
	["a link of the second domain", on({}, linkOfADomain)],
	["the owner of two domains", on({}, domains)],
	["why", on({ screen: PHONE }, why)],
]);
