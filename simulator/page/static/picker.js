// Whose badge is in your hand: a search box over the people. Names are here and nowhere on the plan.

import { $, make, setAttribute, setText } from "./dom.js";

const STRANGER = { id: "stranger", name: "A stranger", what: "a badge nobody here knows" };

export class Picker {
  #input = $("#who");
  #list = $("#who-list");
  #options = [];
  #at = -1;
  #asked = 0;
  #onPick;

  constructor(onPick) {
    this.#onPick = onPick;
    this.#input.addEventListener("input", () => this.#search());
    this.#input.addEventListener("focus", () => this.#search());
    this.#input.addEventListener("blur", () => this.#close());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    // Pressing an option must not take the focus, or the list would be gone before the click.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  async #search() {
    const asked = (this.#asked += 1);
    const answer = await fetch(`/people?q=${encodeURIComponent(this.#input.value)}`).catch(() => null);
    if (!answer?.ok || asked !== this.#asked || document.activeElement !== this.#input) return;
    const people = [...(await answer.json()), STRANGER];
    this.#at = -1;
    this.#options = people.map((person, index) => {
      const option = make("li", { role: "option", id: `who-${index}`, "aria-selected": "false" },
        make("span", { class: "who" }, person.name), make("span", { class: "what" }, person.what));
      option.addEventListener("click", () => this.#pick(person));
      return { option, person };
    });
    this.#list.replaceChildren(...this.#options.map(({ option }) => option));
    this.#list.hidden = false;
    setAttribute(this.#input, "aria-expanded", "true");
  }

  #key(event) {
    if (event.key === "Escape") this.#close();
    else if (event.key === "Enter" && this.#options.length && !this.#list.hidden) {
      event.preventDefault();
      this.#pick(this.#options[Math.max(0, this.#at)].person);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.#list.hidden) this.#search();
      else this.#move(event.key === "ArrowDown" ? 1 : -1);
    }
  }

  #move(step) {
    const count = this.#options.length;
    this.#at = (this.#at + step + count) % count;
    this.#options.forEach(({ option }, index) => setAttribute(option, "aria-selected", String(index === this.#at)));
    const { option } = this.#options[this.#at];
    setAttribute(this.#input, "aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  #pick(person) {
    this.#input.value = "";
    this.#close();
    setText($("#held"), "");
    $("#held").append(make("strong", {}, person.name), make("span", {}, person.what));
    this.#onPick(person);
  }

  #close() {
    this.#asked += 1;
    this.#list.hidden = true;
    setAttribute(this.#input, "aria-expanded", "false");
    setAttribute(this.#input, "aria-activedescendant", null);
  }
}
