// admin.mjs WORLD - every view, as the administrator sees it. WORLD is JSON: base, enter (a one-time link), port, what
// was sent, and part: "acts", what one does with the views, or "looks", what they are like for everyone.
import assert from "node:assert/strict";
import fs from "node:fs";
import { DESK, PHONE, run, visit } from "./drive.mjs";
import { mail } from "./smtp.mjs";

const world = JSON.parse(process.argv[2]);
let cookies = [];

/* As the administrator: the link was used once, and its cookie stays. */
function admin(how, act) {
	return async (browser) => visit(browser, world.base, { ...how, cookies }, act);
}

function search(q) {
	return `#/search?q=${encodeURIComponent(q)}`;
}

async function enter(browser) {
	await visit(browser, world.base, {}, async (v, page, context) => {
		await page.goto(world.enter);
		await page.locator("#heading").waitFor();
		assert.equal(await v.text("#heading"), "What happened to your mail?");
		cookies = await context.cookies();
		assert.ok(cookies.length > 0 && cookies.every((c) => c.httpOnly && c.sameSite === "Strict"), JSON.stringify(cookies));
	});
}

async function firstLook(v, page) {
	await v.open("#/");
	assert.ok(await page.locator(".row").count() >= 4, "what came of late is there without a question");
	await page.keyboard.press("Tab");
	assert.equal(await v.text(":focus"), "Skip to the content");
	await page.keyboard.press("Enter");
	assert.equal(await page.evaluate(() => document.activeElement.id), "main");
	await page.keyboard.press("/");
	assert.equal(await page.evaluate(() => document.activeElement.id), "question");
}

/* Somebody is quicker than the page: he goes on in the moment in which its first view is there. */
async function hasty(v, page) {
	await page.addInitScript(() => new MutationObserver((_, watch) => {
		if (document.getElementById("heading") !== null) {
			watch.disconnect();
			location.hash = "#/live";
			dispatchEvent(new HashChangeEvent("hashchange"));
		}
	}).observe(document, { childList: true, subtree: true }));
	await v.open("#/");
	await v.says("Live", ".live-state");
}

async function asked(v, page) {
	await v.open("#/");
	await page.fill("#question", `what happened to the mail from ${world.refused} to ${world.you}`);
	await page.keyboard.press("Enter");
	await v.says("1 message");
	await v.settled();
	const chips = (await page.locator(".chip.set").allInnerTexts()).map((x) => x.replace(/\s+/g, " "));
	assert.deepEqual(chips, [`from ${world.refused}`, `to ${world.you}`], "filters as chips");
	const row = page.locator(".row");
	assert.match(await row.innerText(), /Refused[^]*DENIED_RDNS_MISSING/);
	await page.locator(".chip-drop").nth(1).click();
	await page.waitForFunction(() => document.querySelectorAll(".chip.set").length === 1);
	assert.equal(await page.inputValue("#question"), `from:${world.refused}`);
	await page.goBack();
	await v.says("1 message");
	await page.waitForFunction(() => document.querySelectorAll(".chip.set").length === 2);
	await page.locator(".row").click();
	await v.says("What to do next");
	assert.equal(await v.text("#heading"), "Refused");
	await page.locator(".back").click();
	await v.says("1 message");
}

async function nothing(v, page) {
	await v.open(search(`to:${world.mistyped}`), ".nothing");
	await v.says("Nothing was found");
	await v.says("Searched");
	await v.says("The logs begin at");
	await page.locator(".chip.strong").first().click();
	await v.says("messages");
	assert.equal(await page.inputValue("#question"), `to:${world.you}`);
	await v.open(search("after:1990-01-01 before:1990-01-02"), ".nothing");
	await v.says("lies outside the logs");
	v.expected = /400/;
	await v.open(search("flurb:x y"), ".notice");
	await v.says("The question was not understood");
	await page.getByRole("link", { name: "Search replies and log lines" }).click();
	await page.waitForFunction(() => document.getElementById("question").value === 'text:"flurb:x y"');
}

/* The examples mean what they say. */
async function example(v, page) {
	await v.open("#/");
	await page.locator(".examples a", { hasText: "refused mails" }).click();
	await page.locator(".chip.set", { hasText: "Refused" }).waitFor();
	await v.settled();
	for (const verdict of await page.locator(".row .verdict").allInnerTexts())
		assert.match(verdict, /Refused|Mixed/);
}

/* Nobody's list is an administrator's own: the row leads to where there is one, if there is one and it would help. */
async function allowAs(v, page) {
	await v.open("#/refused");
	for (const [text, words] of [[world.mixed, "no mailbox or alias"], ["somebody@elsewhere.example", "reverse DNS"]]) {
		const other = page.locator(".refused-row", { hasText: text }).first();
		assert.match(await other.innerText(), new RegExp(words));
		assert.equal(await other.locator(".refused-act").innerText(), "", `${text} cannot be allowed`);
	}
	await page.locator("label", { hasText: "Can be allowed" }).click();
	await page.locator(".refused-row", { hasText: world.mixed }).waitFor({ state: "detached" });
	const row = page.locator(".refused-row", { hasText: world.refused }).first();
	await row.getByRole("link", { name: "See as example.com, to allow" }).click();
	await page.locator("dialog[open]").waitFor();
	assert.match(await v.text("dialog"), new RegExp(world.refused));
	await page.keyboard.press("Escape");
	await page.locator("dialog").waitFor({ state: "detached" });
	assert.equal(await v.text(".account-name"), "example.com");
	await page.locator("label", { hasText: "30 days" }).click();
	await page.locator("label.chosen", { hasText: "30 days" }).waitFor();
	await v.settled();
	assert.equal(await page.locator("dialog").count(), 0, "what was closed stays closed when other rows come");
}

async function story(v, page, context) {
	await v.open(search(`from:${world.refused}`));
	await page.locator(".row").first().click();
	await v.says("reverse DNS");
	const here = page.url();
	assert.ok(await page.locator(".step-bad").count() > 0, "the refused step stands in its place");
	const evidence = page.locator(".step-bad .evidence").first();
	await evidence.locator("summary").click();
	assert.match(await evidence.innerText(), /spamdyke\.log:\d+|smtp-25\.log:\d+/);
	assert.match(await evidence.locator("pre").innerText(), /rdns|reverse DNS|RDNS/i);
	await context.grantPermissions(["clipboard-read", "clipboard-write"]);
	await page.getByRole("button", { name: "Copy for a ticket" }).click();
	await v.says("Copied");
	const ticket = await page.evaluate(() => navigator.clipboard.readText());
	assert.match(ticket, /^REFUSED {2}from .*\n[^]*What happened\n[^]*Evidence \(Exact\)\n[^]*spamdyke\.log:\d+/);
	await page.getByRole("button", { name: "Copy link" }).click();
	const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "JSON" }).click()]);
	assert.equal(JSON.parse(fs.readFileSync(await download.path(), "utf8")).verdict, "refused");
	await page.emulateMedia({ media: "print" });
	assert.equal(await page.locator(".top").isVisible(), false);
	assert.equal(await page.locator(".verdict-card").isVisible(), true);
	await page.emulateMedia({ media: "screen" });
	const again = await context.newPage();
	await again.goto(here);
	await again.locator(".verdict-card").waitFor();
	assert.equal(await again.locator("#heading").innerText(), "Refused", "the link leads to the same message");
}

async function branches(v, page) {
	await v.open(search(`from:${world.mixed}`));
	await page.locator(".row").first().click();
	await v.says("not all the same");
	assert.equal(await page.locator(".branch").count(), 2, "a branch for each recipient");
	assert.match((await page.locator(".recipient").allInnerTexts()).join(" "), /Refused[^]*Delivered/);
}

async function zones(v, page) {
	await v.open(search(`from:${world.refused}`));
	const at = await page.locator(".row time").getAttribute("datetime");
	const log = await v.text(".row time");
	assert.equal(log, at.slice(11, 19));
	await page.locator(".tools .choice label").nth(1).click();
	await page.waitForFunction((was) => document.querySelector(".row time").innerText !== was, log);
	const own = await page.evaluate((t) => new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" }).format(new Date(t)), at);
	assert.equal(await v.text(".row time"), own);
	await page.reload();
	await page.locator(".row time").waitFor();
	assert.equal(await v.text(".row time"), own, "it is remembered");
}

async function explain(v, page) {
	await v.open("#/explain");
	await page.fill("#explain", "DENIED_RDNS_MISSING");
	await v.says("no reverse DNS name");
	assert.match(page.url(), /text=DENIED_RDNS_MISSING/);
	await page.fill("#explain", world.bounce);
	await v.says("nobody@far.example");
	await page.fill("#explain", "blabla");
	await v.says("not known here");
	await v.open("#/explain?text=did_0%2B0%2B1%2F");
	await v.says("program");
}

async function overview(v, page) {
	await v.open("#/overview", ".tile");
	const of = async (name) => Number((await page.locator(`.tile:has-text("${name}") dd`).innerText()).replace(/\D/g, ""));
	assert.ok(await of("Refused") >= 2 && await of("Messages") >= 4);
	assert.ok(await page.locator(".column i").count() > 0, "bars are drawn");
	await page.locator(".column").last().focus();
	assert.match(await v.text(".tip"), /taken|refused/);
	await page.locator(".as-table summary").click();
	assert.ok(await page.locator(".as-table tbody tr").count() > 0);
	await page.locator(".bars a:has-text('DENIED_RDNS_MISSING')").click();
	await v.says("DENIED_RDNS_MISSING");
	await page.goBack();
	await page.locator(".bars a[href*=reason]").first().waitFor();
	for (const to of await page.locator(".bars a[href*=reason]").evaluateAll((all) => all.map((a) => a.hash))) {
		await v.open(to, ".row, .nothing");
		assert.ok(await page.locator(".row").count() > 0, `a bar leads to its messages: ${to}`);
	}
	await v.open("#/overview", ".tile");
	await page.locator(".column").last().click();
	await page.locator(".row").first().waitFor();
	assert.ok(await page.locator(".row").count() >= 4, "a bar leads to its messages");
}

async function live(v, page) {
	await v.open("#/live");
	await v.says("Live", ".live-state");
	await mail(world.port, "live1@partner.example", world.you);
	await v.says("live1@partner.example");
	await page.getByRole("button", { name: "Pause" }).click();
	await mail(world.port, "live2@partner.example", world.you);
	await v.says("wait", ".live-state");
	assert.equal((await v.text(".live-rows")).includes("live2@"), false, "nothing moves in a pause");
	await page.getByRole("button", { name: "Continue" }).click();
	await v.says("live2@partner.example");
	await page.fill("#question", "from:live4@*");
	await page.getByRole("button", { name: "Show" }).click();
	await v.says("Nothing yet");
	await v.says("Live", ".live-state");
	await mail(world.port, "live3@partner.example", world.you);
	await mail(world.port, "live4@partner.example", world.you);
	await v.says("live4@partner.example");
	assert.equal((await v.text(".live-rows")).includes("live3@"), false);
}

async function queue(v, page) {
	await v.open("#/queue");
	await v.says(world.waiting);
	const item = page.locator(".queue-item", { hasText: world.waiting });
	await item.getByRole("button", { name: "Hold" }).click();
	await page.locator("dialog[open]").waitFor();
	await v.accessible("a dialog");
	await page.keyboard.press("Escape");
	await page.locator("dialog").waitFor({ state: "detached" });
	assert.match(await v.text(":focus"), /Hold/, "the focus is where it was");
	await item.getByRole("button", { name: "Hold" }).click();
	await page.locator("dialog").getByRole("button", { name: "Hold" }).click();
	await v.says("is held.");
	await item.getByRole("button", { name: "Release" }).click();
	await v.says("is released.");
	await item.getByRole("button", { name: "Delete" }).click();
	await page.locator("dialog").getByRole("button", { name: "Delete" }).click();
	await v.says("is deleted.");
	await item.waitFor({ state: "detached" });
}

async function seeAs(v, page) {
	await v.open(search("after:1990-01-01"));
	const all = await page.locator(".row").count();
	await page.locator(".account-button").click();
	await page.fill("#see-as", "sender@example.com");
	await page.keyboard.press("Enter");
	await page.waitForFunction((n) => document.querySelectorAll(".row").length < n, all);
	await v.settled();
	for (const row of await page.locator(".row-who").allInnerTexts())
		assert.match(row, /sender@example\.com/);
	await v.accessible("the account");
	await page.locator(".choice label", { hasText: "Dark" }).click();
	assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), "dark");
	await page.locator(".choice label", { hasText: "Dense" }).click();
	await page.locator(".dense").first().waitFor();
	await page.keyboard.press("Escape");
	assert.equal(await page.locator(".account-panel").count(), 0);
}

async function away(v, page, context) {
	await v.open("#/");
	v.expected = /ERR_INTERNET_DISCONNECTED/;
	await context.setOffline(true);
	await page.fill("#question", "to:example.com");
	await page.keyboard.press("Enter");
	await v.says("The server cannot be reached");
	await context.setOffline(false);
	await page.getByRole("button", { name: "Try again" }).click();
	await v.says("messages");
}

/* What is there stays where it is while the rest comes: the browser's own measure, of which 0.1 is called good. */
async function still(v, page) {
	await page.addInitScript(() => {
		const see = (e) => globalThis.shifted.push([e.value, e.sources.map((s) => s.node?.className ?? s.node?.nodeName)]);
		globalThis.shifted = [];
		new PerformanceObserver((list) => list.getEntries().filter((e) => !e.hadRecentInput).forEach(see))
			.observe({ type: "layout-shift", buffered: true });
	});
	for (const place of [...PLACES, search(`from:${world.refused}`)]) {
		await page.goto("about:blank");
		await page.goto(world.base + place);
		await page.locator("#heading").first().waitFor({ state: "attached" });
		await v.settled();
		const shifted = await page.evaluate(() => new Promise((done) => {
			requestAnimationFrame(() => setTimeout(() => done(globalThis.shifted)));
		}));
		const sum = shifted.reduce((n, [value]) => n + value, 0);
		assert.ok(sum < 0.1, `${place} jumps: ${JSON.stringify(shifted)}`);
	}
}

const PLACES = ["#/", search(`to:${world.you}`), search("to:nobodyever@example.com"),
	"#/explain?text=550%205.1.1%20user%20unknown", "#/overview", "#/overview?in=all&show=changed",
	"#/overview?in=all&show=unusual", "#/overview?in=range", "#/live", "#/queue", "#/refused?scope=example.com"];

/* Every view, and two stories with a line of evidence unfolded. */
async function looks(v, page) {
	for (const place of PLACES) {
		await v.open(place);
		await v.accessible(place);
	}
	await v.open("#/search?scope=");
	for (const from of [world.refused, world.mixed]) {
		await v.open(search(`from:${from}`));
		await page.locator(".row").first().click();
		await page.locator(".verdict-card").waitFor();
		await v.settled();
		await page.locator(".evidence summary").first().click();
		await v.accessible(`the story of ${from}`);
	}
}

const ACTS = [
	["the first look and the keyboard", admin({}, firstLook)],
	["somebody quicker than the page", admin({}, hasty)],
	["a question in words", admin({}, asked)],
	["nothing found", admin({}, nothing)],
	["an example", admin({}, example)],
	["a story", admin({}, story)],
	["a story with branches", admin({}, branches)],
	["both zones", admin({ zone: "Asia/Kathmandu" }, zones)],
	["explain", admin({}, explain)],
	["overview", admin({}, overview)],
	["live", admin({}, live)],
	["queue", admin({}, queue)],
	["see as", admin({}, seeAs)],
	["allow as an owner does", admin({}, allowAs)],
	["without a server", admin({}, away)],
];
const LOOKS = [
	["nothing jumps on a desk", admin({ screen: DESK }, still)],
	["nothing jumps on a phone", admin({ screen: PHONE }, still)],
	["all views by day on a desk", admin({ screen: DESK }, looks)],
	["all views by night on a phone", admin({ screen: PHONE, scheme: "dark" }, looks)],
];

await run([["the one-time link", enter], ...(world.part === "acts" ? ACTS : LOOKS)]);
