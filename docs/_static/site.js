// A formula in the text can't be broken into lines: where a phone is too narrow for it, it scrolls.
window.addEventListener("load", async () => {
  if (!window.MathJax || !MathJax.startup) return;
  await MathJax.startup.promise;
  for (const formula of document.querySelectorAll("mjx-container:not([display])")) {
    const block = formula.closest("p, li, td, dd, th, h1, h2, h3");
    if (block && formula.getBoundingClientRect().width > block.clientWidth + 1)
      formula.classList.add("wide");
  }
});
