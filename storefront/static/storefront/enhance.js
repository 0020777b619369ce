// Progressive enhancement only: every page works without this file.

const live = document.getElementById('live');
const say = (sentence) => { if (live) live.textContent = sentence; };

// Browsers without ::details-content: open the filters on wide screens.
const openFilters = () => {
  const filters = document.querySelector('details.facets');
  if (filters && !CSS.supports('selector(details::details-content)') && matchMedia('(min-width: 62rem)').matches) filters.open = true;
};

// What only helps without script goes; what only works with script comes.
const fitToScript = () => {
  for (const part of document.querySelectorAll('[data-without-script]')) part.hidden = true;
  for (const button of document.querySelectorAll('button[data-print]')) button.hidden = false;
};

document.addEventListener('click', (event) => {
  if (event.target.closest('button[data-print]')) print();
});

// A double click sends one order. The server would answer both with the same one; this spares the wait.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!form.matches('[data-once]')) return;
  if (form.dataset.sent) event.preventDefault();
  else if (event.submitter?.matches('[data-places-order]')) form.dataset.sent = '1';
});
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('[data-once]')) delete form.dataset.sent;
});

// What was unfolded stays unfolded when a list is replaced in place.
let unfolded = [];
document.addEventListener('htmx:beforeSwap', () => {
  unfolded = [...document.querySelectorAll('details[open][id]')].map((fold) => fold.id);
});

// Checkout: what a person chose while an answer was on its way stays chosen when that answer replaces the choices.
let chosen = [];
let ticks = [];
document.addEventListener('htmx:beforeSwap', () => {
  chosen = [...document.querySelectorAll('form.checkout input[type=radio]:checked')].map(({ name, value }) => ({ name, value }));
  ticks = [...document.querySelectorAll('form.checkout input[type=checkbox]')].map(({ name, checked }) => ({ name, checked }));
});
const keepChoices = () => {
  for (const radio of document.querySelectorAll('form.checkout input[type=radio]:not(:checked)')) {
    if (chosen.some(({ name, value }) => radio.name === name && radio.value === value)) radio.checked = true;
  }
  for (const { name, checked } of ticks) {
    for (const box of document.querySelectorAll(`form.checkout input[type=checkbox][name="${name}"]`)) box.checked = checked;
  }
};
document.addEventListener('htmx:oobAfterSwap', keepChoices);

// htmx: speak what changed, and never fail in silence.
document.addEventListener('htmx:afterSettle', ({ target }) => {
  for (const id of unfolded) document.getElementById(id)?.setAttribute('open', '');
  keepChoices();
  openFilters();
  fitToScript();
  // Only what has come in may speak: a list around a button that changed has nothing new to say.
  const status = target.matches('[data-say]') ? target : target.querySelector('[data-say]');
  if (status) say(status.dataset.say);
});
document.addEventListener('htmx:responseError', () => location.reload());
document.addEventListener('htmx:sendError', () => say('No connection. Nothing was changed; try again in a moment.'));

openFilters();
fitToScript();

// Back and forward to a list that was replaced in place: htmx loads the page anew, and this goes back to the same place on it.
const here = () => `place ${location.pathname}${location.search}`;
let place = scrollY;
addEventListener('scroll', () => { place = scrollY; }, { passive: true });
document.addEventListener('htmx:beforeHistorySave', ({ detail }) => sessionStorage.setItem(`place ${detail.path}`, place));
addEventListener('popstate', () => {
  sessionStorage.setItem('return', here());
  history.scrollRestoration = 'manual';
}, { capture: true });
if (sessionStorage.getItem('return') === here()) {
  const former = Number(sessionStorage.getItem(here()));
  requestAnimationFrame(() => scrollTo(0, former));
  // The browser goes to its own idea of the place while it loads, unless told not to.
  addEventListener('load', () => setTimeout(() => {
    scrollTo(0, former);
    history.scrollRestoration = 'auto';
  }));
}
sessionStorage.removeItem('return');
