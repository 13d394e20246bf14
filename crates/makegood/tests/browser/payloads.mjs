// SPDX-License-Identifier: MIT OR Apache-2.0
// Texts that try to become a program where they are shown. Whichever does sets `window.hit`, opens a dialog, or asks another host.

const HIT = 'window.hit=1';

const handlers = [
  'onerror', 'onload', 'onfocus', 'onblur', 'onmouseover', 'onclick', 'ontoggle', 'onstart', 'onanimationstart', 'onpointerenter',
  'onwheel', 'onscroll', 'onbeforetoggle', 'oncut', 'onpaste', 'onsearch', 'onshow', 'ontransitionend', 'onauxclick', 'onpageshow',
];
const carriers = [
  h => `<img src=x ${h}=${HIT}>`,
  h => `<svg ${h}=${HIT}>`,
  h => `" ${h}="${HIT}" autofocus x="`,
  h => `' ${h}='${HIT}' autofocus x='`,
];
const withHandlers = handlers.flatMap(handler => carriers.map(carrier => carrier(handler)));

const elements = [
  `<script>${HIT}</script>`, `<ScRiPt>${HIT}</sCrIpT>`, `<script src=//example.net/x.js></script>`, `<script\n>${HIT}</script\n>`,
  `<scr<script>ipt>${HIT}</scr</script>ipt>`, `</script><script>${HIT}</script>`, `</textarea><script>${HIT}</script>`,
  `</title><script>${HIT}</script>`, `</style><script>${HIT}</script>`, `--><script>${HIT}</script>`, `]]><script>${HIT}</script>`,
  `<svg><script>${HIT}</script></svg>`, `<svg><script href="data:text/javascript,${HIT}"/></svg>`,
  `<svg><animate onbegin=${HIT} attributeName=x dur=1s>`, `<svg><set attributeName=onload to=${HIT}>`,
  `<svg><a xlink:href="javascript:${HIT}"><text y=20>x</text></a></svg>`, `<svg><use href="data:image/svg+xml,<svg id='x' onload='${HIT}'/>#x">`,
  `<math><mtext><script>${HIT}</script></mtext></math>`, `<math href="javascript:${HIT}">x</math>`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--><img src=1 onerror=${HIT}>">`,
  `<iframe src="javascript:${HIT}"></iframe>`, `<iframe srcdoc="<script>parent.hit=1</script>"></iframe>`,
  `<object data="javascript:${HIT}"></object>`, `<embed src="javascript:${HIT}">`, `<form action="javascript:${HIT}"><button>x</button></form>`,
  `<form><button formaction="javascript:${HIT}">x</button></form>`, `<a href="javascript:${HIT}">x</a>`, `<a href="jav&#x09;ascript:${HIT}">x</a>`,
  `<a href="&#106;avascript:${HIT}">x</a>`, `<a href=" javascript:${HIT}">x</a>`, `<a href="data:text/html,<script>${HIT}</script>">x</a>`,
  `<base href="//example.net/">`, `<link rel=stylesheet href=//example.net/x.css>`, `<meta http-equiv=refresh content="0;url=//example.net/">`,
  `<meta http-equiv=refresh content="0;url=javascript:${HIT}">`, `<style>@import '//example.net/x.css';</style>`,
  `<style>*{background:url(//example.net/x)}</style>`, `<div style="background:url(//example.net/x)">x</div>`,
  `<img src=//example.net/x.png>`, `<img srcset="//example.net/x.png 1x">`, `<video poster=//example.net/x src=//example.net/x>`,
  `<audio src=//example.net/x autoplay>`, `<input type=image src=//example.net/x>`, `<details open ontoggle=${HIT}>x</details>`,
  `<dialog open onfocus=${HIT}>x</dialog>`, `<marquee onstart=${HIT}>x</marquee>`, `<body onload=${HIT}>`, `<html onmouseover=${HIT}>`,
  `<template><script>${HIT}</script></template>`, `<noscript><p title="</noscript><img src=x onerror=${HIT}>">`,
  `<xmp><p title="</xmp><img src=x onerror=${HIT}>">`, `<plaintext><script>${HIT}</script>`, `<keygen autofocus onfocus=${HIT}>`,
  `<isindex type=image src=1 onerror=${HIT}>`, `<table background=javascript:${HIT}>`, `<portal src="javascript:${HIT}">`,
];

const words = [
  `javascript:${HIT}`, `JaVaScRiPt:${HIT}//`, `java\tscript:${HIT}`, `data:text/html;base64,PHNjcmlwdD53aW5kb3cuaGl0PTE8L3NjcmlwdD4=`,
  `vbscript:${HIT}`, `{{constructor.constructor('${HIT}')()}}`, `\${${HIT}}`, `#{${HIT}}`, `<%= ${HIT} %>`, `{% raw %}{{ ${HIT} }}`,
  `{ $order }`, `{ "x" -> *[other] y }`, `[x](javascript:${HIT})`, `![x](//example.net/x.png)`, `<javascript:${HIT}>`,
  `[x]: javascript:${HIT}`, `\\u003cscript\\u003e${HIT}\\u003c/script\\u003e`, `&lt;script&gt;${HIT}&lt;/script&gt;`,
  `&#60;script&#62;${HIT}&#60;/script&#62;`, `%3Cscript%3E${HIT}%3C/script%3E`, `+ADw-script+AD4-${HIT}+ADw-/script+AD4-`,
  `＜script＞${HIT}＜/script＞`, `\u2028${HIT}\u2028`, `';${HIT};//`, `";${HIT};//`, `\`;${HIT};//`, `*/${HIT}/*`, `\\";${HIT};//`,
  `event: case\ndata: <script>${HIT}</script>`, `\u202e<script>${HIT}</script>`, `=HYPERLINK("//example.net","x")`,
];

export const PAYLOADS = [...withHandlers, ...elements, ...words];
