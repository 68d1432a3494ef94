// Dialogs, the browser's own. `data-dialog="id"` opens the <dialog> of that id; a link that loads a form into
// #modal-body by htmx opens #modal. Without scripts the same links lead to the same forms as pages.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog) {
      event.preventDefault();
      dialog.showModal();
    }
  }
  if (event.target.closest("[data-dialog-close]")) {
    const dialog = event.target.closest("dialog");
    if (dialog) {
      event.preventDefault();
      dialog.close();
    }
  }
  // A click on the backdrop reports the dialog itself as its target.
  if (event.target instanceof HTMLDialogElement && !hasUnsavedInput(event.target)) event.target.close();
});

function hasUnsavedInput(dialog) {
  return [...dialog.querySelectorAll("input:not([type=hidden]), textarea")].some((input) => input.value !== input.defaultValue);
}

const modal = document.getElementById("modal");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "modal-body") return;
  if (event.target.childElementCount === 0) {
    modal.close();
    return;
  }
  const heading = modal.querySelector("h1, h2");
  if (heading) modal.setAttribute("aria-label", heading.textContent.trim());
  if (!modal.open) modal.showModal();
  modal.querySelector("[aria-invalid=true], [autofocus], .body input:not([type=hidden]), .body select, .body textarea")?.focus();
});

// A response header `HX-Trigger: modal:close` closes it.
document.addEventListener("modal:close", () => modal?.close());
modal?.addEventListener("close", () => document.getElementById("modal-body").replaceChildren());

// Confirmation by typing: the button waits until the words are right (the browser and the server check them again).
function watchTyped(root) {
  for (const input of root.querySelectorAll("[data-typed]")) {
    const buttons = [...input.form.querySelectorAll("button:not([type=button]):not([data-dialog-close])")];
    const update = () => buttons.forEach((button) => { button.disabled = !input.validity.valid; });
    input.addEventListener("input", update);
    update();
  }
}

watchTyped(document);
document.addEventListener("htmx:afterSwap", (event) => watchTyped(event.target));
