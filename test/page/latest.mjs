// latest.mjs WORLD - who opens the page sees the latest mail, however long ago it came. WORLD is JSON: base, enter, latest.
import assert from "node:assert/strict";
import { DESK, run, visit } from "./drive.mjs";

const world = JSON.parse(process.argv[2]);

async function latest(v, page) {
	await page.goto(world.enter);
	await page.locator("#heading").waitFor();
	await v.says(world.latest);
	assert.equal(await page.locator(".row").count(), 3);
}

await run([["the latest mail", (browser) => visit(browser, world.base, { screen: DESK }, latest)]]);
