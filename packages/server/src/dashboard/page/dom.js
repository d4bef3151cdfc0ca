/**
 * What the page has for sure.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
export function find(root, selector, type) {
  const found = root.querySelector(selector)
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`)
  return found
}

/**
 * @param {string} name
 * @param {Readonly<Record<string, string>>} [attributes]
 * @param {readonly (string | Node)[]} [children]
 * @returns {HTMLElement}
 */
export function element(name, attributes = {}, children = []) {
  const made = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...children)
  return made
}

/**
 * A part of a drawing. What has another value already is left alone.
 * @param {string} name
 * @param {Readonly<Record<string, string>>} attributes
 * @returns {SVGElement}
 */
export function shape(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  return made
}

/**
 * Changes a text only if it is another one: what stays is not selected anew, and not read out.
 * @param {Element} place
 * @param {string} text
 */
export function setText(place, text) {
  if (place.textContent !== text) place.textContent = text
}
