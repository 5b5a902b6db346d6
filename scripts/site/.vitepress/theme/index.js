// Without the web fonts of the usual theme.
import theme from 'vitepress/theme-without-fonts'
import './site.css'

export default theme
