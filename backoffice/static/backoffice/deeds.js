// Scanners end each number with Enter: go to the next empty field instead of sending the form.
document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key !== "Enter" || !field.matches("input[data-scan]")) return;
    event.preventDefault();
    const fields = [...document.querySelectorAll("input[data-scan]")];
    const next = fields.slice(fields.indexOf(field) + 1).find((other) => !other.value);
    (next || document.querySelector("input[name=carrier]") || field).focus();
});

// A second press while the first is on its way would only be refused.
document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-once]")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-once]").forEach((form) => delete form.dataset.sent);
});

document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
});
