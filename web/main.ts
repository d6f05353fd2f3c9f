/** Starts the page. */
import { mount } from "svelte";
import App from "./app.svelte";
import "./style/base.css";

mount(App, { target: document.getElementById("app")! });
