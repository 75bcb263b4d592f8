// ui.js - the libraries in one place: html`` makes elements, and text in it is text, never markup.
import { h, render } from "./vendor/preact.js";
import { useEffect, useRef, useState } from "./vendor/hooks.js";
import htm from "./vendor/htm.js";

export const html = htm.bind(h);
export { render, useEffect, useRef, useState };
