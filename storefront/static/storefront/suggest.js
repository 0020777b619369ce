// Suggestions under the search field, as an ARIA combobox with a listbox. Without this file the field searches plainly.

const WAIT = 150;
const SHORTEST = 2;
const field = document.getElementById('q');
const form = field?.form;

const enhance = () => {
  const list = document.createElement('div');
  list.id = 'suggestions';
  list.className = 'suggestions';
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', field.labels[0].textContent);
  list.hidden = true;
  form.append(list);
  field.setAttribute('role', 'combobox');
  field.setAttribute('aria-autocomplete', 'list');
  field.setAttribute('aria-controls', list.id);
  field.setAttribute('aria-expanded', 'false');
  const live = document.getElementById('live');
  let timer;
  let request;
  let active = -1;

  const options = () => [...list.querySelectorAll('[role=option]')];
  const close = () => {
    clearTimeout(timer);
    request?.abort();
    list.hidden = true;
    active = -1;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  };
  const mark = (place) => {
    const all = options();
    active = place;
    for (const [n, option] of all.entries()) option.setAttribute('aria-selected', String(n === place));
    if (place < 0) {
      field.removeAttribute('aria-activedescendant');
    } else {
      field.setAttribute('aria-activedescendant', all[place].id);
      all[place].scrollIntoView({ block: 'nearest' });
    }
  };
  const ask = async () => {
    const query = field.value.trim();
    if (query.length < SHORTEST) return close();
    request?.abort();
    request = new AbortController();
    try {
      const answer = await fetch(`${form.getAttribute('action')}suggest/?q=${encodeURIComponent(query)}`, { signal: request.signal });
      const html = answer.ok ? await answer.text() : '';
      if (document.activeElement !== field || field.value.trim() !== query) return undefined;
      list.innerHTML = html;
      const found = list.querySelector('[data-suggestions]');
      if (!found) return close();
      mark(-1);
      list.hidden = false;
      field.setAttribute('aria-expanded', 'true');
      if (live) live.textContent = found.dataset.suggestions;
    } catch (error) {
      if (error.name !== 'AbortError') close();
    }
    return undefined;
  };

  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  field.addEventListener('keydown', (event) => {
    const last = options().length - 1;
    if (event.key === 'ArrowDown' && list.hidden) {
      event.preventDefault();
      ask();
    } else if (list.hidden) {
      return;
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const next = active + (event.key === 'ArrowDown' ? 1 : -1);
      // Past either end lies the field itself.
      mark(next > last ? -1 : next < -1 ? last : next);
    } else if (event.key === 'Enter' && active >= 0) {
      event.preventDefault();
      location.assign(options()[active].dataset.href);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      close();
    } else if (event.key === 'Tab') {
      close();
    }
  });
  field.addEventListener('blur', close);
  // The field keeps the focus, so that a click does not close the list before it counts.
  list.addEventListener('pointerdown', (event) => event.preventDefault());
  list.addEventListener('click', (event) => {
    const option = event.target.closest('[role=option]');
    if (option) location.assign(option.dataset.href);
  });
};

if (form) enhance();
