// SPDX-License-Identifier: Apache-2.0
// The only ways in which this page touches the document: elements, text nodes, attributes. No markup is ever parsed; the
// page's policy (trusted types, index.html) makes the browser refuse it too.

const SHOWN = Symbol('text shown');

// el('p.note', { title: '…' }, 'text', child)
export function el(spec, attributes = {}, ...children) {
    const [tag, ...classes] = spec.split('.');
    const node = document.createElement(tag);
    if (classes.length > 0) node.className = classes.join(' ');
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
}

// Texts change ten times a second on fifty tiles: touch the document only where they differ.
export function put(node, text) {
    if (node[SHOWN] === text) return;
    node[SHOWN] = text;
    node.textContent = text;
}

export function mark(node, attribute, value) {
    const wanted = value === null || value === undefined || value === false ? null : String(value);
    if (node.getAttribute(attribute) === wanted) return;
    if (wanted === null) node.removeAttribute(attribute);
    else node.setAttribute(attribute, wanted);
}

export function show(node, visible) {
    if (node.hidden === visible) node.hidden = !visible;
}

// A custom property; set by script, which the page's policy allows where a style attribute in markup is not.
export function vary(node, property, value) {
    const key = `vary ${property}`;
    if (node[key] === value) return;
    node[key] = value;
    node.style.setProperty(property, value);
}

// Straight to the compositor: neither style nor layout nor paint of anything else.
export function lower(node, share) {
    const percent = `translateY(${((1 - share) * 100).toFixed(1)}%)`;
    if (node[SHOWN] === percent) return;
    node[SHOWN] = percent;
    node.style.transform = percent;
}

export function replace(node, ...children) {
    node.replaceChildren(...children);
}

export function row(cells, tag = 'td') {
    const tr = el('tr');
    cells.forEach((cell, i) => {
        const td = tag === 'th' ? el('th', { scope: 'col' }) : i === 0 ? el('th', { scope: 'row' }) : el('td');
        td.append(cell);
        tr.append(td);
    });
    return tr;
}
