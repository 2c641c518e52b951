// DOM elements in one expression. Texts are set as text: nothing that comes from the gateway is ever read as markup.

/** An element. Properties: `text`, `on` (listeners), `data` (data-...), an attribute by name (null, undefined, false: absent). */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") element.textContent = value;
    else if (name === "on") for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Set the text if it is another one: what does not change is not announced, and a selection in it stays. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}

/** Set an attribute, or take it away when there is no value. */
export function setAttribute(element, name, value) {
  if (value === null || value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * Give `parent` these children in this order, touching only what differs: an element that is moved loses the focus. Other
 * children (calls that fade away) keep their places.
 */
export function place(parent, elements) {
  let last = null;
  for (const element of elements) {
    const behind = last && element.parentNode === parent && last.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
    if (element.parentNode !== parent || (last && !behind)) {
      if (last) last.after(element);
      else parent.append(element);
    }
    last = element;
  }
}
