// What an injected script would do first.
document.querySelector('#seen-by-script').textContent = document.cookie === '' ? '(nothing)' : document.cookie
