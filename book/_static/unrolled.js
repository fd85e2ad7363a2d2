// Steps through the figure that the directive `unrolled-graph` wrote. Wording and formats are the page's;
// this module computes the numbers anew and shows them one step at a time.

const computed = /^[ahy]\d/;

function shown(name, value) {
  const text = Math.abs(value).toFixed(computed.test(name) ? 3 : 1);
  return value < 0 && Number(text) !== 0 ? `\u2212${text}` : text;
}

function run(given, nSteps) {
  const values = { ...given, h0: 0 };
  for (let t = 1; t <= nSteps; t++) {
    values[`a${t}`] = given.w_x * given[`x${t}`] + given.w_h * values[`h${t - 1}`] + given.b_h;
    values[`h${t}`] = Math.tanh(values[`a${t}`]);
    values[`y${t}`] = given.w_y * values[`h${t}`] + given.b_y;
  }
  return values;
}

function start(figure) {
  const given = JSON.parse(figure.dataset.given);
  const columns = [...figure.querySelectorAll(".ug-step")];
  const lines = [...figure.querySelectorAll(".ug-line")];
  const sliders = [...figure.querySelectorAll("input")];
  const status = figure.querySelector(".ug-status");
  const button = (act) => figure.querySelector(`[data-act="${act}"]`);
  const last = columns.length;
  let step = 0;

  function show() {
    for (const slider of sliders) given[slider.name] = Number(slider.value);
    const values = run(given, last);
    for (const element of figure.querySelectorAll("[data-value]")) {
      const text = shown(element.dataset.value, values[element.dataset.value]);
      element.textContent = "inSum" in element.dataset && text.startsWith("\u2212") ? `(${text})` : text;
    }
    columns.forEach((column, i) => {
      column.classList.toggle("ug-now", i + 1 === step);
      column.classList.toggle("ug-ahead", i + 1 > step);
    });
    status.innerHTML = `<strong>Step ${step} of ${last}.</strong> ${lines[step].innerHTML}`;
    button("previous").setAttribute("aria-disabled", step === 0);
    button("next").setAttribute("aria-disabled", step === last);
  }

  const acts = {
    previous: () => (step = Math.max(step - 1, 0)),
    next: () => (step = Math.min(step + 1, last)),
    reset: () => {
      step = 0;
      for (const slider of sliders) slider.value = slider.defaultValue;
    },
  };
  const keys = { ArrowLeft: "previous", ArrowRight: "next" };

  function act(name) {
    acts[name]();
    show();
  }

  figure.addEventListener("click", (event) => {
    const name = event.target.closest("button")?.dataset.act;
    if (name) act(name);
  });
  figure.addEventListener("input", show);
  figure.querySelector(".ug-buttons").addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    act(keys[event.key]);
  });
  figure.querySelector(".ug-controls").hidden = false;
  figure.classList.add("ug-live");
  show();
}

document.querySelectorAll("figure.unrolled-graph").forEach(start);
