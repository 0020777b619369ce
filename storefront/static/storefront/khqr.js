// The code's time runs down, and then the page without it comes. Without script it says until when the code is valid.

const region = document.getElementById('khqr-say');

for (const shown of document.querySelectorAll('[role="timer"][data-seconds]')) {
  const end = Date.now() + 1000 * Number(shown.dataset.seconds);
  const tick = () => {
    const seconds = Math.max(0, Math.round((end - Date.now()) / 1000));
    shown.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    const words = shown.getAttribute(`data-at-${seconds}`);
    if (words && region) region.textContent = words;
    if (seconds) setTimeout(tick, 1000);
    else setTimeout(() => location.replace(location.href), 3000);
  };
  tick();
}
